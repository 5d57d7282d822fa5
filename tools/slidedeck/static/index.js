// 슬라이드의 수는 화면에서 나누어야 알 수 있습니다. 덱을 보이지 않게 하나씩 열어 수를 받습니다.
const cells = [...document.querySelectorAll("td[data-deck]")];
const frame = Object.assign(document.createElement("iframe"), { tabIndex: -1, ariaHidden: "true" });
frame.style.cssText =
  "position: fixed; left: -3000px; width: 1280px; height: 720px; visibility: hidden";
document.body.append(frame);
const next = () => {
  const cell = cells[0];
  if (cell) frame.src = cell.dataset.deck;
  else frame.remove();
};
addEventListener("message", ({ data, source }) => {
  if (source !== frame.contentWindow || typeof data !== "string") return;
  const { namespace, slides } = JSON.parse(data);
  if (namespace !== "course-slides") return;
  cells.shift().textContent = `${slides}장`;
  next();
});
next();
