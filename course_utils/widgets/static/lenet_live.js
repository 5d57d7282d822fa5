// 그림판 옆에서 1998년의 LeNet-5가 획을 긋는 동안 답합니다. 앞에 draw_pad, lenet, lenet_zoom이
// 있어야 합니다.
// 층 → [맵의 수, 한 변(F6은 [너비, 높이]), 한 줄에 놓을 맵, 값 하나의 픽셀]
const LAYERS = {
  입력: [1, [32, 32], 1, 3],
  C1: [6, [28, 28], 6, 2], S2: [6, [14, 14], 6, 4], C3: [16, [10, 10], 8, 5],
  S4: [16, [5, 5], 8, 10], C5: [120, [1, 1], 20, 12], F6: [1, [7, 12], 1, 9],
};
const ROLES = {
  입력: "가운데에 맞춘 32×32",
  C1: "합성곱 5×5", S2: "서브샘플링", C3: "연결표 합성곱", S4: "서브샘플링", C5: "합성곱 5×5",
  F6: "완전 연결, 7×12로 놓음",
};

function shim(values) {
  const listeners = {};
  return {
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      (listeners[`change:${name}`] ?? []).forEach((listener) => listener());
    },
    save_changes() {},
    on: (event, listener) => (listeners[event] ??= []).push(listener),
    off(event, listener) {
      listeners[event] = (listeners[event] ?? []).filter((other) => other !== listener);
    },
  };
}

// −1을 검정, +1을 흰색으로 칠합니다. 맵 사이는 한 칸 띄웁니다.
function paint(canvas, values, [count, [width, height], columns, scale], low = -1, high = 1) {
  const gap = width > 1 ? 1 : 0, rows = Math.ceil(count / columns);
  canvas.width = columns * (width + gap) - gap;
  canvas.height = rows * (height + gap) - gap;
  canvas.style.width = `${canvas.width * scale}px`;
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, i) => {
    const map = Math.floor(i / (width * height)), at = i % (width * height);
    const x = (map % columns) * (width + gap) + (at % width);
    const y = Math.floor(map / columns) * (height + gap) + Math.floor(at / width);
    const shade = (255 * (value - low)) / (high - low);
    image.data.set([shade, shade, shade, 255], 4 * (y * canvas.width + x));
  });
  context.putImageData(image, 0, 0);
}

function render({ model, el }) {
  const net = lenet.unpack(model.get("weights"), model.get("order"));
  const table = model.get("table"), rubbish = model.get("rubbish"), codes = net["output.codes"];
  const root = document.createElement("div");
  root.className = "course-live";
  root.innerHTML = `
    <div class="front">
      <div class="draw"></div>
      <div class="reply">
        <div class="digit" aria-hidden="true"></div>
        <div class="sentence" role="status"></div>
        <div class="penalties">${[..."0123456789"].map((digit) => `
          <div class="penalty"><canvas aria-hidden="true"></canvas><b>${digit}</b>
            <span class="bar"><i></i></span><span class="number"></span></div>`).join("")}
        </div>
        <div class="hint">막대는 벌점: F6과 숫자 그림의 거리 제곱. 가장 작은 것이 답입니다.</div>
      </div>
    </div>
    <div class="maps">${Object.entries(LAYERS).map(([name, [count, [w, h]]]) => `
      <figure><figcaption><b>${name}</b> ${ROLES[name]}
        ${count > 1 ? `${count}${w > 1 ? `×${h}×${w}` : "개"}` : ""}</figcaption>
        <canvas role="img" aria-label="${name}의 특징 맵"></canvas></figure>`).join("")}</div>`;
  el.append(root);
  const find = (selector) => root.querySelector(selector);
  const bars = [...root.querySelectorAll(".penalty")];
  bars.forEach((bar, digit) => paint(
    bar.querySelector("canvas"), codes.slice(84 * digit, 84 * digit + 84), LAYERS.F6));
  const canvases = Object.fromEntries(
    Object.keys(LAYERS).map((name, i) => [name, root.querySelectorAll(".maps canvas")[i]]));

  const start = model.get("start");
  const pad = shim({
    pixels: start ?? new DataView(new ArrayBuffer(0)), count: start ? 1 : 0, pen_width: 22,
  });
  const leave = draw_pad.render({ model: pad, el: find(".draw") });
  const drawn = find(".draw canvas");

  let values = null;
  const zoom = lenet_zoom.attach({
    root, canvases, layers: LAYERS, paint,
    trace: (...place) => values && lenet.trace(net, table, values, ...place),
  });

  function answer(isOver) {
    const { width, height } = drawn;
    const rgba = drawn.getContext("2d").getImageData(0, 0, width, height).data;
    const gray = Uint8Array.from({ length: width * height }, (_, i) => rgba[4 * i]);
    const image = lenet.centerDigit(gray, width);
    root.classList.toggle("empty", !image);
    if (!image) {
      find(".digit").textContent = "?";
      find(".sentence").textContent = "왼쪽에 숫자를 하나 그려 보십시오.";
      return;
    }
    const { penalties, ...maps } = lenet.forward(net, table, image);
    values = { 입력: image, ...maps };
    paint(canvases.입력, image, LAYERS.입력, -0.1, 1.175);
    for (const name in maps) paint(canvases[name], maps[name], LAYERS[name]);
    zoom();
    const best = penalties.indexOf(Math.min(...penalties));
    const isRubbish = penalties[best] > rubbish;
    find(".digit").textContent = isRubbish ? "✗" : best;
    bars.forEach((bar, digit) => {
      bar.classList.toggle("best", digit === best && !isRubbish);
      bar.querySelector("i").style.width = `${Math.min(100, penalties[digit] / 1.6)}%`;
      bar.querySelector(".number").textContent = penalties[digit].toFixed(1);
    });
    model.set("answer", isRubbish ? -1 : best);
    if (isOver) find(".sentence").textContent = isRubbish
      ? `숫자가 아닌 것 같습니다. 가장 작은 벌점 ${penalties[best].toFixed(1)}도 한도 ${rubbish}보다 큽니다.`
      : `답은 ${best}, 벌점은 ${penalties[best].toFixed(1)}입니다.`;
  }
  let waiting = 0;
  const during = () => {
    waiting ||= requestAnimationFrame(() => { waiting = 0; answer(false); });
  };
  root.addEventListener("stroke", during);
  pad.on("change:count", () => answer(true));
  answer(true);
  return () => { cancelAnimationFrame(waiting); leave(); };
}
export default { render, shim };
