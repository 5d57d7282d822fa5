// 노트북의 위젯들을 파이썬 없이 잇고, 화면의 상태를 주소의 # 뒤에 담습니다.
const data = JSON.parse(document.getElementById("data").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const byId = (id) => document.getElementById(id);
const SIDE = 28; // 그림은 28×28, 값 16단계로 줄여 주소에 담습니다.

function packDrawing() {
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const context = small.getContext("2d");
  context.drawImage(document.querySelector("#live .board canvas"), 0, 0, SIDE, SIDE);
  const rgba = context.getImageData(0, 0, SIDE, SIDE).data;
  const level = (i) => rgba[4 * i] >> 4;
  const pairs = Array.from({ length: SIDE * SIDE / 2 }, (_, i) => 16 * level(2 * i) + level(2 * i + 1));
  return pairs.some(Boolean) ? btoa(String.fromCharCode(...pairs)) : "";
}
function unpackDrawing(text) {
  const small = new ImageData(SIDE, SIDE), large = document.createElement("canvas");
  bytes(text).forEach((pair, i) => [pair >> 4, pair & 15].forEach((level, k) =>
    small.data.set([17 * level, 17 * level, 17 * level, 255], 4 * (2 * i + k))));
  const source = document.createElement("canvas");
  source.width = source.height = SIDE;
  source.getContext("2d").putImageData(small, 0, 0);
  large.width = large.height = 280;
  large.getContext("2d").drawImage(source, 0, 0, 280, 280);
  const rgba = large.getContext("2d").getImageData(0, 0, 280, 280).data;
  const gray = Uint8Array.from({ length: 280 * 280 }, (_, i) => rgba[4 * i]);
  return new DataView(gray.buffer);
}
const fromTable = (table) => Array.from({ length: 6 }, (_, row) => table.map((s) => s.includes(row)));
const packLinks = (links) => links.map((row) =>
  parseInt(row.map(Number).join(""), 2).toString(16).padStart(4, "0")).join("");
const unpackLinks = (text) => text.match(/..../g).map((word) =>
  [...parseInt(word, 16).toString(2).padStart(16, "0")].map((bit) => bit === "1"));

// 주소를 손으로 고쳤거나 잘린 것은 버리고 처음 상태로 시작합니다.
function readAddress() {
  const given = new URLSearchParams(location.hash.slice(1)), state = {};
  const layer = (given.get("layer") ?? "").split(",").map(Number);
  if (layer.length === 5 && layer.every((n) => Number.isInteger(n) && n >= 0 && n < 400) && layer[2])
    state.layer = [...layer.slice(0, 4), Boolean(layer[4])];
  if (/^[0-9a-f]{24}$/.test(given.get("c3") ?? "")) state.links = unpackLinks(given.get("c3"));
  if (/^[A-Za-z0-9+/]{522,523}={0,2}$/.test(given.get("draw") ?? "")) state.start = unpackDrawing(given.get("draw"));
  return state;
}
const first = readAddress();
const { render: renderLive, shim } = lenet_live;
const liveModel = shim({ ...data, weights: bytes(data.weights), start: first.start ?? null });
const tableModel = shim({ value: first.links ?? fromTable(data.table) });
const sizeModel = shim({ layer: first.layer ?? [224, 11, 4, 0, false] });

function write() {
  const drawing = packDrawing();
  const state = new URLSearchParams({
    layer: sizeModel.get("layer").map(Number).join(), c3: packLinks(tableModel.get("value")),
    ...(drawing && { draw: drawing }),
  });
  history.replaceState(null, "", `#${state}`);
}
function count() {
  const links = tableModel.get("value").flat().filter(Boolean).length;
  const c3 = 25 * links + 16, all = data.others + c3;
  byId("count").textContent = `연결 ${links} / 96 · C3의 파라미터 25 × ${links} + 16 = `
    + `${c3.toLocaleString()} · 신경망 전체 ${all.toLocaleString()}`;
}
renderLive({ model: liveModel, el: byId("live") });
connections.render({ model: tableModel, el: byId("c3") });
sizes.render({ model: sizeModel, el: byId("calculator") });
tableModel.on("change:value", () => { count(); write(); });
sizeModel.on("change:layer", write);
liveModel.on("change:answer", write);
byId("paper").addEventListener("click", () => tableModel.set("value", fromTable(data.table)));
byId("full").addEventListener("click", () =>
  tableModel.set("value", tableModel.get("value").map((row) => row.map(() => true))));
byId("copy").addEventListener("click", async () => {
  write();
  try {
    await navigator.clipboard.writeText(location.href);
    byId("copied").textContent = "복사했습니다.";
  } catch {
    byId("copied").textContent = "복사하지 못했습니다. 주소창의 주소를 복사하십시오.";
  }
});
count();
