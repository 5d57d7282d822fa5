// 쪽을 다 나눈 뒤, 저장된 그림의 자리에 움직이는 위젯을 그 크기에 맞추어 놓습니다.
const RENDERERS = { lenet_live, connections, layer_map };
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

function mountLive(slides) {
  for (const figure of slides.querySelectorAll("figure[data-widget]")) {
    const [renderer, width] = WIDGETS[figure.dataset.widget];
    const { coded, ...state } = structuredClone(STATES[figure.dataset.widget]);
    if (coded) {
      state.weights = bytes(coded.weights);
      state.start = new DataView(bytes(coded.start).buffer);
    }
    const image = figure.querySelector("img"), box = document.createElement("div");
    const { width: wide, height: high } = image.style;
    box.className = "live-widget";
    box.style.width = `${width}px`;
    document.body.append(box); // 크기를 측정하려면 화면에 있어야 합니다.
    const model = lenet_live.shim(state);
    RENDERERS[renderer].render({ model, el: box });
    if (state.told) {
      const text = document.createElement("div");
      const tell = () => { text.innerHTML = state.told[model.get("value")]; };
      model.on("change:value", tell);
      tell();
      box.append(text);
    }
    const scale = Math.min(parseFloat(wide) / width, parseFloat(high) / box.offsetHeight);
    box.style.transform = `scale(${scale})`;
    // 위젯 안에서 누른 글쇠로 슬라이드가 넘어가지 않게 합니다.
    box.addEventListener("keydown", (event) => event.stopPropagation());
    figure.style.height = high;
    figure.replaceChildren(box);
  }
}
