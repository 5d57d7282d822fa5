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
  head(top, "S2 \\ C3").className = "corner";
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
