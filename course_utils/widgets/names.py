"""ipywidgets의 조작을 키보드와 화면 낭독기로도 쓸 수 있게 합니다."""

import anywidget
import traitlets


class AccessibleNames(anywidget.AnyWidget):
    """같은 상자에 든 조작들에 화면 낭독기가 읽을 이름을, 그림에 `alt`를 붙입니다.

    ipywidgets 8.1의 슬라이더는 손잡이와 수를 고치는 칸에 이름이 없고, 이름 위에 마우스를 올리면
    "null"이라는 풍선말이 뜹니다. Image에는 alt가 없고 tooltip을 주면 오류가 납니다. 여기에서는
    보이는 이름(label)을 그대로 옮깁니다. 키보드로 옮겨 간 곳이 보이도록 테두리를 그리고, 목록과
    보기에서 누른 화살표를 JupyterLab이 셀을 옮기는 데 쓰지 않게 합니다.
    """

    alt = traitlets.Unicode().tag(sync=True)

    def __repr__(self):
        return "<위젯: 이름표>"

    _esm = """
function name(root, alt) {
  for (const control of root.querySelectorAll(".widget-inline-hbox")) {
    const label = control.querySelector(".widget-label");
    if (label?.title === "null") label.removeAttribute("title");
    const text = label?.textContent.trim();
    if (!text) continue;
    for (const part of control.querySelectorAll(".noUi-handle, .widget-readout"))
      part.setAttribute("aria-label", text);
    control.querySelector(".widget-readout")?.setAttribute("role", "textbox");
  }
  // JupyterLab은 누른 요소 자신에 이 표시가 있을 때에만 단축키를 쓰지 않습니다.
  for (const control of root.querySelectorAll("select, input, button, .noUi-handle"))
    control.dataset.lmSuppressShortcuts = "true";
  for (const image of root.querySelectorAll("img")) image.alt = alt;
}
function render({ model, el }) {
  el.classList.add("course-names");
  let observer;
  // 형제들은 나보다 늦게 그려지기도 하고, 나중에 바뀌기도 합니다.
  const start = () => {
    const root = el.closest(".widget-box");
    if (!root) return;
    root.classList.add("course-controls");
    const apply = () => name(root, model.get("alt"));
    observer = new MutationObserver(apply);
    observer.observe(root, { childList: true, subtree: true });
    apply();
  };
  const timer = setTimeout(start);
  return () => { clearTimeout(timer); observer?.disconnect(); };
}
export default { render };
"""
    _css = """
.course-names { display: none !important; }
.course-controls .noUi-handle:focus-visible, .course-controls select:focus-visible,
.course-controls button:focus-visible, .course-controls input:focus-visible,
.course-controls .widget-readout:focus-visible { outline: 3px solid #E69F00 !important;
  outline-offset: 1px; }
"""
