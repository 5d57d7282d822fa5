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
  let observer, root;
  // 그림의 어디를 눌렀는지, 늘이지 않은 그림의 픽셀로 알립니다.
  const click = ({ target, offsetX, offsetY }) => {
    if (target.tagName !== "IMG") return;
    const scale = target.naturalWidth / target.clientWidth;
    model.set("clicked", [offsetX * scale, offsetY * scale]);
    model.save_changes();
  };
  // 형제들은 나보다 늦게 그려지기도 하고, 나중에 바뀌기도 합니다.
  const start = () => {
    root = el.closest(".widget-box");
    if (!root) return;
    root.classList.add("course-controls");
    const apply = () => name(root, model.get("alt"));
    observer = new MutationObserver(apply);
    observer.observe(root, { childList: true, subtree: true });
    apply();
    if (!model.get("clickable")) return;
    root.classList.add("course-clickable");
    root.addEventListener("click", click);
  };
  const timer = setTimeout(start);
  return () => {
    clearTimeout(timer);
    observer?.disconnect();
    root?.removeEventListener("click", click);
  };
}
export default { render };
