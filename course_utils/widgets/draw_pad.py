"""마우스, 손가락, 키보드로 숫자를 그리는 칸입니다."""

import anywidget
import numpy as np
import traitlets
from PIL import Image

SIZE = 280


class DrawPad(anywidget.AnyWidget):
    """280×280 그림판입니다. 그린 것은 `value`에 0(바탕)-255(잉크) uint8 배열로 들어옵니다.

    펜을 뗄 때마다 `value`가 바뀝니다. 파이썬에서 `show(그림)`으로 올린 그림은 새로 그리기 시작하면
    지워집니다.
    """

    # CBytes여야 합니다: 브라우저가 보내는 memoryview를 Bytes는 받지 않습니다.
    pixels = traitlets.CBytes(b"").tag(sync=True)
    count = traitlets.Int(0).tag(sync=True)
    pen_width = traitlets.Int(22, min=10, max=40).tag(sync=True)
    value = traitlets.Any()

    @traitlets.default("value")
    def _blank(self):
        return np.zeros((SIZE, SIZE), dtype=np.uint8)

    @traitlets.observe("count")
    def _receive(self, _):
        # 같은 그림을 두 번 보내도 알 수 있게 픽셀이 아니라 횟수를 봅니다.
        if len(self.pixels) == SIZE * SIZE:  # 낡은 탭이 보낸 다른 크기는 버립니다.
            self.value = np.frombuffer(self.pixels, dtype=np.uint8).reshape(SIZE, SIZE)

    def show(self, drawing):
        """0-255의 2차원 그림을 칸에 맞게 키워 올립니다."""
        image = Image.fromarray(np.clip(drawing, 0, 255).astype(np.uint8))
        self.pixels = image.resize((SIZE, SIZE), Image.Resampling.BILINEAR).tobytes()
        self.count += 1

    def __repr__(self):
        return "<위젯: 숫자 그리기>"

    _esm = """
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
"""
    _css = """
.course-pad { display: inline-block; width: 304px; box-sizing: border-box; padding: 11px;
  background: #fff; color: #1b1b1b; border: 1px solid #ccc; border-radius: 6px; font-size: 14px; }
.course-pad .board { position: relative; width: 280px; height: 280px; overflow: hidden; }
.course-pad canvas { display: block; touch-action: none; cursor: crosshair; }
.course-pad .board:focus-within { outline: 3px solid #E69F00; }
.course-pad canvas:focus { outline: none; }
.course-pad .pen { display: none; position: absolute; transform: translate(-50%, -50%);
  border: 2px dashed #56B4E9; border-radius: 50%; box-sizing: border-box; pointer-events: none; }
.course-pad canvas:focus-visible + .pen { display: block; }
.course-pad .pen.down { border: 3px solid #D55E00; }
.course-pad .tools { display: flex; justify-content: space-between; align-items: center;
  margin-top: 10px; }
.course-pad .tools label { display: flex; align-items: center; gap: 6px; }
.course-pad .tools input { width: 110px; accent-color: #0072B2; }
.course-pad button { padding: 4px 14px; border: 1px solid #888; border-radius: 4px;
  background: #f3f3f3; color: #1b1b1b; font-size: 14px; cursor: pointer; }
.course-pad button:focus-visible, .course-pad input:focus-visible { outline: 3px solid #E69F00; }
.course-pad .help { margin-top: 8px; color: #555; font-size: 12px; line-height: 1.4;
  word-break: keep-all; }
.course-pad .status { position: absolute; width: 1px; height: 1px; overflow: hidden;
  clip-path: inset(50%); }
"""
