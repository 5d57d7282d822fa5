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
