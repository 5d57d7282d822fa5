const SVG = "http://www.w3.org/2000/svg";

function render({ model, el }) {
  const scene = model.get("scene"), layers = model.get("layers");
  const root = document.createElement("div");
  root.className = "course-map";

  function add(parent, tag, attributes, text = "") {
    const node = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.textContent = text;
    parent.append(node);
    return node;
  }
  function addBox(parent, box, className) {
    const { x, y, width, height, fill, edge } = box;
    add(parent, "rect", { x, y, width, height, fill, stroke: edge, class: className });
  }
  function addText(parent, { text, x, y, size, anchor }) {
    add(parent, "text", { x, y, "font-size": size, "text-anchor": anchor, "aria-hidden": true },
      text);
  }
  function addPicture(parent, { x, y, width, height, href }) {
    add(parent, "image", { x, y, width, height, href, class: "pixels" });
  }
  const of = (things, name) => things.filter((thing) => thing.name === name);
  const svg = add(root, "svg", {
    viewBox: `0 0 ${scene.width} ${scene.height}`, role: "radiogroup",
    "aria-label": "모델의 층들. 왼쪽, 오른쪽 화살표와 Home, End로 고릅니다.",
  });
  of(scene.boxes, "").forEach((box) => addBox(svg, box, "paper"));
  of(scene.pictures ?? [], "").forEach((picture) => addPicture(svg, picture));
  of(scene.texts, "").forEach((text) => addText(svg, text));
  const slots = layers.map((layer) => {
    const { x, y, width, height } = of(scene.bands, layer.name)[0];
    const slot = add(svg, "g", {
      class: "slot", role: "radio", "data-layer": layer.name,
      "aria-label": layer.label,
    });
    add(slot, "rect", { x: x + 1, y, width: width - 2, height, rx: 6, class: "band" });
    of(scene.boxes, layer.name).forEach((box) => addBox(slot, box, "block"));
    of(scene.pictures ?? [], layer.name).forEach((picture) => addPicture(slot, picture));
    of(scene.texts, layer.name).forEach((text) => addText(slot, text));
    slot.addEventListener("click", () => choose(layer.name, slot));
    return slot;
  });
  const lines = scene.lines.map(({ x1, y1, x2, y2, color, dash, kind, name }) => {
    const style = { stroke: color, "stroke-dasharray": dash.join(" ") || "none" };
    return [name, add(svg, "line", { x1, y1, x2, y2, ...style, "data-kind": kind })];
  });

  function choose(name, slot) {
    model.set("value", name);
    model.save_changes();
    slot.focus();
  }
  function paint() {
    const value = model.get("value");
    slots.forEach((slot, i) => {
      const chosen = layers[i].name === value;
      slot.setAttribute("aria-checked", chosen);
      slot.setAttribute("tabindex", chosen ? 0 : -1);
    });
    for (const [name, line] of lines) line.classList.toggle("read", name === value || name === "");
  }
  const steps = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 };
  svg.addEventListener("keydown", (event) => {
    const last = layers.length - 1, now = layers.findIndex((l) => l.name === model.get("value"));
    let next = now + (steps[event.key] ?? 0);
    if (event.key === "Home") next = 0;
    else if (event.key === "End") next = last;
    else if (!steps[event.key]) return;
    event.preventDefault();
    event.stopPropagation();
    next = Math.min(Math.max(next, 0), last);
    choose(layers[next].name, slots[next]);
  });
  model.on("change:value", paint);
  paint();
  el.append(root);
  return () => model.off("change:value", paint);
}
export default { render };
