// 특징 맵의 한 칸이 어디서 왔는지: 앞 층의 창, 커널, 곱, 합을 보입니다. 앞에 lenet이 있어야 합니다.
const TRACED = ["C1", "S2", "C3", "S4"];
const HINT = "맵에 마우스를 올리거나, Tab으로 맵을 고르고 화살표로 움직여 보십시오. 그 한 칸이 앞 층의 "
  + "어디에서 왔는지 보입니다. PageUp과 PageDown은 앞뒤의 맵으로 갑니다.";
const shown = (value) => value.toFixed(2).replace("-", "−");

/** `canvases`의 맵들을 짚을 수 있게 합니다. `trace(층, 맵, y, x)`는 계산을, 없으면 null을 냅니다. */
function attach({ root, canvases, layers, paint, trace }) {
  const panel = document.createElement("div");
  panel.className = "zoom";
  panel.innerHTML = `<div role="status">${HINT}</div><div class="parts"></div>`;
  root.append(panel);
  let at = null;

  function frame(name, map, y, x, size) {
    const canvas = canvases[name], [, [width, height], columns] = layers[name];
    const ratio = canvas.clientWidth / canvas.width, mark = document.createElement("i");
    mark.className = "frame";
    Object.assign(mark.style, {
      left: `${canvas.offsetLeft + ((map % columns) * (width + 1) + x) * ratio - 2}px`,
      top: `${canvas.offsetTop + (Math.floor(map / columns) * (height + 1) + y) * ratio - 2}px`,
      width: `${size * ratio}px`, height: `${size * ratio}px`,
    });
    canvas.parentElement.append(mark);
  }

  function show() {
    root.querySelectorAll(".frame").forEach((mark) => mark.remove());
    const found = at && trace(at.name, at.map, at.y, at.x);
    if (!found) return;
    const { before, size, top, left, parts, bias, total, value } = found;
    frame(at.name, at.map, at.y, at.x, 1);
    parts.forEach(({ source }) => frame(before, source, top, left, size));
    const from = before === "입력" ? "입력"
      : `${before}의 ${parts.map(({ source }) => source).join(", ")}번 맵`;
    panel.querySelector("[role=status]").textContent =
      `${at.name}의 ${at.map}번 맵, ${at.y}행 ${at.x}열은 ${shown(value)}입니다. ${from}에서 `
      + `${size}×${size} 창을 커널과 곱해 더하고 편향(${shown(bias)})을 더하면 ${shown(total)}, `
      + "이것이 1.7159 tanh(2x/3)를 지난 값입니다.";
    const list = panel.querySelector(".parts");
    list.replaceChildren(...parts.map(({ source, window: seen, kernel, product, sum }) => {
      const part = document.createElement("div");
      part.innerHTML = `<span>${before === "입력" ? "입력" : `${before} ${source}번`}</span>`
        + "<canvas></canvas><b>×</b><canvas></canvas><b>=</b><canvas></canvas>"
        + `<span>합 ${shown(sum)}</span>`;
      [seen, kernel, product].forEach((values, i) => {
        const most = Math.max(...values.map(Math.abs), 1e-9);
        paint(part.querySelectorAll("canvas")[i], values, [1, [size, size], 1, 60 / size], -most, most);
      });
      return part;
    }));
  }

  for (const name of TRACED) {
    const canvas = canvases[name], [count, [width, height], columns] = layers[name];
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.addEventListener("pointermove", (event) => {
      const ratio = canvas.clientWidth / canvas.width;
      const [px, py] = [event.offsetX, event.offsetY].map((place) => Math.floor(place / ratio));
      const map = Math.floor(py / (height + 1)) * columns + Math.floor(px / (width + 1));
      const [x, y] = [px % (width + 1), py % (height + 1)];
      if (x === width || y === height || map >= count) return; // 맵 사이의 틈입니다.
      at = { name, map, y, x };
      show();
    });
    canvas.addEventListener("focus", () => {
      if (at?.name !== name) at = { name, map: 0, y: height >> 1, x: width >> 1 };
      show();
    });
    canvas.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: [-1, 0, 0], ArrowRight: [1, 0, 0], ArrowUp: [0, -1, 0],
        ArrowDown: [0, 1, 0], PageUp: [0, 0, -1], PageDown: [0, 0, 1] }[event.key];
      if (!step) return;
      event.preventDefault();
      event.stopPropagation();
      const within = (value, end) => Math.min(Math.max(value, 0), end - 1);
      at = { name, x: within(at.x + step[0], width), y: within(at.y + step[1], height),
        map: within(at.map + step[2], count) };
      show();
    });
  }
  return show;
}
export default { attach };
