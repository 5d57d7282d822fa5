const SIZE = 280, STEP = 7;

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "course-pad";
  root.innerHTML = `
    <div class="board">
      <canvas width="${SIZE}" height="${SIZE}" tabindex="0" role="application"
        aria-label="숫자를 그리는 칸. 화살표로 펜을 옮기고, 스페이스로 펜을 내리거나 올리고,
        Delete로 지웁니다."></canvas>
      <div class="pen" aria-hidden="true"></div>
    </div>
    <div class="tools">
      <button type="button">지우기</button>
      <label>펜 굵기 <input type="range" min="10" max="40" aria-label="펜 굵기"></label>
    </div>
    <div class="help">키보드: 화살표로 옮기기 · 스페이스로 펜 내리기와 올리기 ·
      Delete로 지우기</div>
    <div class="status" role="status"></div>`;
  const canvas = root.querySelector("canvas"), pen = root.querySelector(".pen");
  const width = root.querySelector("input"), status = root.querySelector(".status");
  const context = canvas.getContext("2d", { willReadFrequently: true });
  let last = null, down = false, example = false, sent = 0, at = [SIZE / 2, SIZE / 4];

  function clear() {
    context.fillStyle = "black";
    context.fillRect(0, 0, SIZE, SIZE);
    example = false;
  }
  function send() {
    const rgba = context.getImageData(0, 0, SIZE, SIZE).data;
    const gray = new Uint8Array(SIZE * SIZE);
    for (let i = 0; i < gray.length; i++) gray[i] = rgba[4 * i];
    sent = model.get("count") + 1;
    model.set("pixels", new DataView(gray.buffer));
    model.set("count", sent);
    model.save_changes();
  }
  function receive() {
    if (model.get("count") === sent) return; // 방금 여기서 보낸 것입니다.
    clear();
    const bytes = model.get("pixels");
    if (bytes.byteLength !== SIZE * SIZE) return;
    const gray = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const image = context.createImageData(SIZE, SIZE);
    gray.forEach((v, i) => image.data.set([v, v, v, 255], 4 * i));
    context.putImageData(image, 0, 0);
    example = true;
  }
  function line(from, to) {
    if (example) clear(); // 파이썬이 올린 그림 위에 덧그리지 않습니다.
    context.strokeStyle = "white";
    context.lineWidth = model.get("pen_width");
    context.lineCap = context.lineJoin = "round";
    context.beginPath();
    context.moveTo(...from);
    context.lineTo(to[0], to[1] + (from[0] === to[0] && from[1] === to[1] ? 0.01 : 0));
    context.stroke();
    el.dispatchEvent(new CustomEvent("stroke", { bubbles: true })); // 긋는 동안 따라오는 것들에게
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * SIZE / box.width,
            (event.clientY - box.top) * SIZE / box.height];
  }
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    last = place(event);
    line(last, last);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!last) return;
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length ? events : [event]) {
      const next = place(one);
      line(last, next);
      last = next;
    }
  });
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => {
    if (last) { last = null; send(); }
  });

  function showPen() {
    const size = model.get("pen_width");
    pen.style.cssText = `width:${size}px;height:${size}px;left:${at[0]}px;top:${at[1]}px`;
    pen.classList.toggle("down", down);
  }
  function lift() {
    if (down) { down = false; showPen(); status.textContent = "펜을 올렸습니다."; send(); }
  }
  function erase() {
    down = false;
    clear();
    showPen();
    status.textContent = "지웠습니다.";
    send();
  }
  const moves = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  canvas.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move) {
      const next = at.map((v, i) => Math.min(Math.max(v + STEP * move[i], 0), SIZE));
      if (down) line(at, next);
      at = next;
    } else if (event.key === " " && !event.repeat) {
      if (down) lift();
      else { down = true; line(at, at); status.textContent = "펜을 내렸습니다."; }
    } else if (event.key === "Delete" || event.key === "Backspace") erase();
    else if (event.key !== " ") return;
    showPen();
    event.preventDefault();
    event.stopPropagation();
  });
  canvas.addEventListener("blur", lift);
  root.querySelector("button").addEventListener("click", erase);
  width.addEventListener("input", () => {
    model.set("pen_width", Number(width.value));
    model.save_changes();
    showPen();
  });
  model.on("change:count", receive);
  width.value = model.get("pen_width");
  clear();
  if (model.get("count") > 0) receive();
  showPen();
  el.append(root);
  return () => model.off("change:count", receive);
}
export default { render };
