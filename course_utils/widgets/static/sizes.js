// 합성곱의 출력 크기: 224와 227의 수수께끼를 브라우저에서 풉니다 (Krizhevsky 2012, §3.5).
const PRESETS = {
  "논문의 글 (224, 내림)": [224, 11, 4, 0, false], "2012년 코드 (224, 올림)": [224, 11, 4, 0, true],
  "Caffe (227)": [227, 11, 4, 0, false], "torchvision (224, 패딩 2)": [224, 11, 4, 2, false],
  "흔한 실수 (227, 패딩 2)": [227, 11, 4, 2, false],
};
const NAMES = ["입력 N", "커널 K", "스트라이드 S", "패딩 P"];
const LIMITS = [[8, 320], [1, 31], [1, 8], [0, 15]];
const PIXELS = 22; // 오른쪽 끝에서 보여 줄 픽셀 수

// 창의 수입니다. 올림은 2012년 코드처럼 마지막 창이 들어갈 만큼 오른쪽을 넓힙니다.
function count(size, kernel, stride, padding, isCeil) {
  const room = size + 2 * padding - kernel;
  return room < 0 ? 0 : 1 + Math[isCeil ? "ceil" : "floor"](room / stride);
}
// conv1, pool1, pool2, pool5의 한 변입니다. 풀링은 모두 3×3, 스트라이드 2입니다.
function chain(...layer) {
  const sizes = [count(...layer)];
  for (let i = 0; i < 3; i++) sizes.push(count(sizes[i], 3, 2, 0, layer[4]));
  return sizes;
}

function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "course-sizes";
  root.innerHTML = `
    <div class="presets">${Object.keys(PRESETS).map(
      (name) => `<button type="button">${name}</button>`).join("")}</div>
    <div class="inputs">${NAMES.map((name, i) => `<label>${name} <input type="number"
      min="${LIMITS[i][0]}" max="${LIMITS[i][1]}"></label>`).join("")}
      <label><input type="checkbox"> 올림</label></div>
    <div class="result" role="status"></div>
    <div class="edge" role="img"></div>`;
  el.append(root);
  const numbers = [...root.querySelectorAll("[type=number]")];
  const ceil = root.querySelector("[type=checkbox]");
  const result = root.querySelector(".result"), edge = root.querySelector(".edge");

  function show() {
    const layer = model.get("layer"), [size, kernel, stride, padding, isCeil] = layer;
    numbers.forEach((input, i) => {
      if (!input.value || Number(input.value) !== layer[i]) input.value = layer[i];
    });
    ceil.checked = isCeil;
    const sizes = chain(...layer), [left, right] = isCeil ? "⌈⌉" : "⌊⌋";
    if (!sizes[0]) {
      result.textContent = "커널이 입력보다 큽니다. 커널을 줄이거나 패딩을 늘리십시오.";
      edge.textContent = "";
      return;
    }
    const fits = sizes.join() === "55,27,13,6";
    result.innerHTML = `${left}(N + 2P − K) / S${right} + 1 =
      ${left}(${size} + ${2 * padding} − ${kernel}) / ${stride}${right} + 1 = <b>${sizes[0]}</b><br>
      conv1 ${sizes[0]} → pool1 ${sizes[1]} → pool2 ${sizes[2]} → pool5 ${sizes[3]}:
      FC6의 입력 256×${sizes[3]}×${sizes[3]} = ${(256 * sizes[3] ** 2).toLocaleString()}
      <b>${fits ? "✓ 논문과 같습니다" : "✗ 논문은 55 → 27 → 13 → 6입니다"}</b>`;
    const end = (sizes[0] - 1) * stride + kernel - padding; // 마지막 창이 끝나는 자리
    const last = Math.max(end, size + padding);
    edge.innerHTML = "";
    for (let at = size - PIXELS; at < last; at++) {
      const cell = document.createElement("span");
      cell.className = [at < size ? "pixel" : at < size + padding ? "padding" : "outside",
        at >= end - kernel && at < end ? "window" : ""].join(" ");
      edge.append(cell);
    }
    const over = end - size - padding;
    const told = over > 0 ? `마지막 창이 ${over}칸 밖으로 나갑니다(0으로 읽습니다).`
      : over < 0 ? `오른쪽 ${-over}칸은 아무 창도 읽지 않습니다.` : "마지막 창이 꼭 맞습니다.";
    edge.setAttribute("aria-label", `입력의 오른쪽 끝. ${told}`);
    edge.insertAdjacentHTML("beforeend", `<em>오른쪽 끝: ${told}</em>`);
  }
  function change(layer) { model.set("layer", layer); model.save_changes(); }
  root.querySelectorAll("button").forEach((button) =>
    button.addEventListener("click", () => change(PRESETS[button.textContent])));
  root.querySelector(".inputs").addEventListener("input", () => {
    const typed = numbers.map((input) => Number(input.value));
    const isPossible = numbers.every((input) => input.value && input.checkValidity());
    if (isPossible) change([...typed, ceil.checked]);
  });
  model.on("change:layer", show);
  show();
  return () => model.off("change:layer", show);
}
export default { render, count, chain };
