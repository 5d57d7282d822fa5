"""눌러서 켜고 끄는 칸들의 표입니다."""

import anywidget
import traitlets


class ConnectionGrid(anywidget.AnyWidget):
    """6×16 칸을 눌러 켜고 끄는 표입니다. 화살표로 옮기고 스페이스로 바꿀 수도 있습니다."""

    value = traitlets.List(traitlets.List(traitlets.Bool())).tag(sync=True)

    @traitlets.validate("value")
    def _same_shape(self, proposal):
        if [len(row) for row in proposal.value] != [16] * 6:
            raise traitlets.TraitError("6×16 칸의 표여야 합니다.")
        return proposal.value

    def __repr__(self):
        return "<위젯: C3 연결표의 칸>"

    _esm = """
function render({ model, el }) {
  const root = document.createElement("div");
  root.className = "course-c3";
  const table = document.createElement("table");
  table.setAttribute("role", "grid");
  table.setAttribute("aria-label", "C3 연결표: 행은 S2 맵, 열은 C3 맵");
  const note = document.createElement("div");
  note.className = "note";
  note.setAttribute("aria-live", "polite");
  const links = () => model.get("value");
  const rows = links().length, columns = links()[0].length;
  const cells = [], columnHeads = [], rowHeads = [];
  let at = [0, 0];

  const head = (line, text) => {
    const cell = document.createElement("th");
    cell.textContent = text;
    line.append(cell);
    return cell;
  };
  const top = table.insertRow();
  head(top, "S2 \\\\ C3").className = "corner";
  for (let c = 0; c < columns; c++) columnHeads.push(head(top, c));
  for (let r = 0; r < rows; r++) {
    const line = table.insertRow();
    rowHeads.push(head(line, r));
    cells.push([]);
    for (let c = 0; c < columns; c++) {
      const button = document.createElement("button");
      button.type = "button";
      button.addEventListener("click", () => { toggle(r, c); focus(r, c); });
      button.addEventListener("focus", () => { at = [r, c]; paint(); });
      cells[r].push(button);
      line.insertCell().append(button);
    }
  }
  function toggle(r, c) {
    const next = links().map((line) => line.slice());
    next[r][c] = !next[r][c];
    model.set("value", next);
    model.save_changes();
  }
  function focus(r, c) {
    at = [Math.min(Math.max(r, 0), rows - 1), Math.min(Math.max(c, 0), columns - 1)];
    cells[at[0]][at[1]].focus();
    paint();
  }
  function paint() {
    const now = links(), column = at[1];
    const seen = now.map((line, r) => (line[column] ? r : -1)).filter((r) => r >= 0);
    cells.forEach((line, r) => line.forEach((button, c) => {
      const on = now[r][c];
      button.textContent = on ? "●" : "";
      button.setAttribute("aria-pressed", on);
      button.setAttribute("aria-label", `S2 ${r}번과 C3 ${c}번 ${on ? "연결됨" : "끊김"}`);
      button.tabIndex = r === at[0] && c === at[1] ? 0 : -1;
      button.classList.toggle("column", c === column);
    }));
    columnHeads.forEach((cell, c) => cell.classList.toggle("chosen", c === column));
    rowHeads.forEach((cell, r) => cell.classList.toggle("chosen", seen.includes(r)));
    note.textContent = `C3의 ${column}번 맵이 바라보는 S2 맵: ${seen.join(", ") || "없음"}`;
  }
  const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
  table.addEventListener("keydown", (event) => {
    const move = moves[event.key];
    if (move) focus(at[0] + move[0], at[1] + move[1]);
    else if (event.key === "Home") focus(at[0], 0);
    else if (event.key === "End") focus(at[0], columns - 1);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  model.on("change:value", paint);
  paint();
  root.append(table, note);
  el.append(root);
  return () => model.off("change:value", paint);
}
export default { render };
"""
    # 색을 모두 적어 두어 어두운 테마에서도 같은 모습입니다.
    _css = """
.course-c3 { display: inline-block; max-width: 100%; overflow-x: auto; box-sizing: border-box;
  background: #fff; color: #1b1b1b; padding: 10px 14px;
  border: 1px solid #ccc; border-radius: 6px; font-size: 14px; }
.course-c3 table { border-collapse: collapse; margin: 0; }
.course-c3 tr, .course-c3 th, .course-c3 td { background: #fff; color: #1b1b1b; padding: 1px; }
.course-c3 th { min-width: 30px; height: 28px; text-align: center; font-weight: normal;
  border-radius: 4px; }
.course-c3 th.corner { padding: 0 8px; color: #555; white-space: nowrap; }
.course-c3 th.chosen { background: #E69F00; color: #000; font-weight: bold; }
.course-c3 button { width: 34px; height: 30px; padding: 0; border: 1px solid #aaa;
  border-radius: 4px; background: #fff; color: #fff; font-size: 15px; line-height: 1;
  cursor: pointer; }
.course-c3 button.column { border-color: #E69F00; background: #fff6e0; }
.course-c3 button[aria-pressed="true"] { background: #0072B2; border-color: #0072B2; }
.course-c3 button.column[aria-pressed="true"] { border-color: #E69F00; border-width: 2px; }
.course-c3 button:focus-visible { outline: 3px solid #D55E00; outline-offset: 1px; }
.course-c3 .note { margin-top: 8px; min-height: 1.5em; }
"""
