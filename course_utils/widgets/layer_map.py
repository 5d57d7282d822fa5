"""층을 눌러 고르는 두 열짜리 망의 그림입니다."""

import anywidget
import traitlets

from course_utils.widgets.layer_scene import arrange


class LayerMap(anywidget.AnyWidget):
    """GPU 1이 위, GPU 2가 아래인 망의 그림입니다. 누르거나 화살표로 옮겨 층을 고릅니다.

    Args:
        layers: 층마다 `name`, `label`(낭독할 이름), `kind`(`conv`, `pool`, `norm`, `fc`),
            `side`(맵의 한 변), `channels`(열마다의 채널 수), `reads_both`(두 열을 모두 읽는가)가
            든 사전들.
        value: 처음에 고를 층의 이름. 없으면 첫 층입니다.
    """

    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    value = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Dict().tag(sync=True)

    def __init__(self, layers, value=None):
        super().__init__(layers=layers, value=value or layers[0]["name"], scene=arrange(layers))

    @traitlets.validate("value")
    def _known(self, proposal):
        names = [layer["name"] for layer in self.layers]
        if proposal.value not in names:
            raise traitlets.TraitError(
                f"{proposal.value!r}이라는 층은 없습니다. 고를 수 있는 층: {', '.join(names)}"
            )
        return proposal.value

    def __repr__(self):
        return "<위젯: 누를 수 있는 층 그림>"

    _esm = """
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
  const of = (things, name) => things.filter((thing) => thing.name === name);
  const svg = add(root, "svg", {
    viewBox: `0 0 ${scene.width} ${scene.height}`, role: "radiogroup",
    "aria-label": "망의 층들. 왼쪽, 오른쪽 화살표와 Home, End로 고릅니다.",
  });
  of(scene.boxes, "").forEach((box) => addBox(svg, box, "paper"));
  of(scene.texts, "").forEach((text) => addText(svg, text));
  const slots = layers.map((layer) => {
    const { x, y, width, height } = of(scene.bands, layer.name)[0];
    const reads = layer.reads_both ? "두 열을 모두 읽음" : "다른 열은 읽지 않음";
    const slot = add(svg, "g", {
      class: "slot", role: "radio", "data-layer": layer.name,
      "aria-label": `${layer.label}, 채널 ${layer.channels.join(" 더하기 ")}, ${reads}`,
    });
    add(slot, "rect", { x: x + 1, y, width: width - 2, height, rx: 6, class: "band" });
    of(scene.boxes, layer.name).forEach((box) => addBox(slot, box, "block"));
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
"""
    # 색을 모두 적어 두어 어두운 테마에서도 같은 모습입니다.
    _css = """
.course-map { width: 100%; max-width: 960px; box-sizing: border-box; background: #fff;
  border: 1px solid #ccc; border-radius: 6px; }
.course-map svg { display: block; width: 100%; height: auto; }
.course-map text { fill: #1b1b1b; dominant-baseline: central; user-select: none;
  pointer-events: none; }
.course-map .slot { cursor: pointer; outline: none; }
.course-map .band { fill: transparent; stroke: transparent; stroke-width: 1.5; }
.course-map .slot:hover .band { fill: #00000010; }
.course-map .slot[aria-checked="true"] .band { fill: #fff3d6; stroke: #E69F00; }
.course-map .slot:focus-visible .band { stroke: #000; stroke-width: 3; }
.course-map .slot[aria-checked="true"] .block { stroke-width: 2.5; }
.course-map .slot[aria-checked="true"] text { font-weight: bold; }
.course-map line { stroke-width: 1.6; opacity: 0.55; pointer-events: none; }
.course-map line.read { stroke-width: 3.5; opacity: 1; }
"""
