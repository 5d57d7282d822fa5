// 노트북의 셀은 읽을 글이어서 한 화면을 자주 넘칩니다. 1280×720에 측정해 보고 이어지는 슬라이드로 나눕니다.
// 글자와 그림의 크기, 그림을 옆에 두기, 표를 쪼개기를 바꾸어 가며 나누어 보고 가장 값싼 것을 고릅니다.

// 글자 크기(px) | 그림을 처음에 가장 클 때의 몇 배로 놓고, 원래의 몇 배까지 줄일까 | 가로세로 비가 이보다
// 작은 그림은 글의 옆에 | 표와 코드를 쪼개도 되나. 22px이면 표의 글자가 바닥인 20px입니다.
const TRIALS = [
  [30, 1, 1, 1.45, false], [28, 1, 1, 1.45, false], [26, 1, 0.9, 1.45, false],
  [26, 0.85, 0.85, 1.45, false], [24, 0.85, 0.85, 2.1, false], [22, 0.85, 0.85, 1.45, false],
  [22, 0.75, 0.75, 1.45, false], [22, 0.75, 0.75, 2.1, false],
  [26, 1, 0.9, 1.45, true], [24, 0.85, 0.85, 1.45, true], [22, 0.75, 0.75, 1.45, true],
];
const SIZES = [30, 28, 26, 24]; // 나눈 뒤 자리가 남으면 키워 볼 글자 크기(px)
const LARGEST = 1.5; // 그림을 원래의 몇 배까지 키울까
const SIDE = 0.62; // 옆에 둔 그림의 너비(쪽의 몇 배까지)
const SPARSE = 0.3; // 이보다 덜 찬 쪽은 휑합니다.
const COST = { page: 1, sparse: 0.45, split: 0.6, trial: 0.07 };

const WHOLE = [0, 1, 0.1, 0, false]; // 그림 하나만 있는 쪽

const fits = (page) =>
  page.scrollHeight <= page.clientHeight && page.scrollWidth <= page.clientWidth;
const isFigure = (block) => block.matches("figure");

function blocksOf(source) {
  return [...source.querySelectorAll(":scope > .cell")].flatMap((cell) =>
    [...cell.children].map((node) => {
      const block = node.cloneNode(true);
      block.dataset.cell = cell.dataset.cell;
      if (cell.classList.contains("later")) block.classList.add("later");
      return block;
    }),
  );
}

function openPage(source, first, size, host) {
  const section = source.cloneNode(false);
  const heading = source.querySelector(":scope > h1, :scope > h2").cloneNode(true);
  if (!first && !heading.querySelector(".more"))
    heading.insertAdjacentHTML("beforeend", ' <span class="more">(이어서)</span>');
  const page = Object.assign(document.createElement("div"), { className: "page" });
  page.style.fontSize = `${size}px`;
  const sheet = Object.assign(document.createElement("div"), { className: "sheet" });
  sheet.append(heading, page, source.querySelector(":scope > footer").cloneNode(true));
  section.append(sheet);
  for (const notes of source.querySelectorAll(":scope > aside")) section.append(notes.cloneNode(true));
  host.append(section);
  return section;
}

function resize(figure, scale) {
  const image = figure.querySelector("img");
  image.style.width = `${Math.floor(figure.dataset.width * scale)}px`;
  image.style.height = `${Math.floor(figure.dataset.height * scale)}px`;
}

const mostOf = (figure, page) =>
  Math.min(
    (page.clientWidth * (figure.matches(".side") ? SIDE : 1)) / figure.dataset.width,
    page.clientHeight / figure.dataset.height,
    LARGEST,
  );

/** 그림을 놓습니다. 들어갈 때까지 줄이고, 읽을 수 없게 작아지면 false입니다. */
function placeFigure(figure, page, [, cap, least, tall], alone) {
  const side = !alone && figure.dataset.width / figure.dataset.height < tall;
  figure.classList.toggle("side", side);
  if (side) page.prepend(figure);
  else page.append(figure);
  const most = mostOf(figure, page);
  const { width, height } = figure.dataset;
  const end = alone ? 0.1 : Math.min(least, page.clientHeight / height, page.clientWidth / width);
  if (most < end) return false;
  for (let now = Math.max(most * cap, end); now >= end - 1e-6; now *= 0.97) {
    resize(figure, now);
    if (fits(page)) return true;
  }
  return false;
}

const unitsOf = (block) =>
  block.matches("table") ? block.tBodies[0].rows
  : block.matches("pre") ? block.querySelectorAll(".line")
  : block.matches("ul, ol") ? block.children : [];

/** 넘치는 줄을 떼어 새 덩어리로 돌려줍니다. 쪼갤 수 없으면 그대로 두고 null입니다. */
function split(block, page, fewest) {
  const units = [...unitsOf(block)];
  const rest = block.cloneNode(true);
  let kept = units.length;
  while (kept > 0 && !fits(page)) units[--kept].remove();
  if (kept < fewest || units.length - kept < fewest) {
    const whole = rest;
    block.replaceWith(whole);
    return { whole, rest: null };
  }
  [...unitsOf(rest)].slice(0, kept).forEach((unit) => unit.remove());
  if (rest.matches("ol")) rest.start = (block.start || 1) + kept;
  return { whole: block, rest };
}

function layout(source, trial, host) {
  const [size, , , , splits] = trial;
  const sections = [];
  const queue = blocksOf(source);
  let page;
  let numSplits = 0;
  const turn = () => {
    sections.push(openPage(source, sections.length === 0, size, host));
    page = sections.at(-1).querySelector(".page");
  };
  turn();
  while (queue.length) {
    let block = queue.shift();
    const alone = page.children.length === 0;
    if (isFigure(block)) {
      if (placeFigure(block, page, trial, false)) continue;
      if (alone && placeFigure(block, page, WHOLE, true)) continue;
    } else {
      page.append(block);
      if (fits(page)) continue;
      const list = block.matches("ul, ol");
      if (splits || alone || list) {
        const parts = split(block, page, list || alone ? 1 : 2);
        block = parts.whole;
        if (parts.rest) {
          numSplits += !list;
          queue.unshift(parts.rest);
          turn();
          continue;
        }
      }
      if (alone) continue; // 더 나눌 수 없습니다. 시험이 넘침을 잡습니다.
    }
    block.remove();
    queue.unshift(block);
    turn();
  }
  sections.forEach(finish);
  return { sections, numSplits };
}

/** 옆에 둔 그림의 끝에 한두 줄만 걸치는 글은 그림 아래로 내립니다. */
function clearSide(page) {
  const side = page.querySelector(":scope > .side");
  if (!side) return;
  const end = side.getBoundingClientRect().bottom;
  for (const block of page.children) {
    const { top, bottom } = block.getBoundingClientRect();
    if (block === side || top >= end || bottom <= end || (end - top) / (bottom - top) > 0.6) continue;
    block.style.clear = "both";
    if (!fits(page)) block.style.clear = "";
  }
}

/** 자리가 남으면 글자와 그림을 키웁니다. 그림만 있으면 가운데 크게 놓습니다. */
function finish(section) {
  const page = section.querySelector(".page");
  const figures = [...page.querySelectorAll(":scope > figure")];
  if (page.children.length === 1 && figures.length) placeFigure(figures[0], page, WHOLE, true);
  const now = page.style.fontSize;
  page.style.fontSize = `${SIZES.find((size) => {
    page.style.fontSize = `${size}px`;
    return size <= parseInt(now) || fits(page);
  }) ?? parseInt(now)}px`;
  for (const figure of figures) {
    const image = figure.querySelector("img");
    for (let scale = image.width / figure.dataset.width; scale < mostOf(figure, page); scale += 0.02) {
      const { width, height } = image.style;
      resize(figure, scale);
      if (fits(page)) continue;
      Object.assign(image.style, { width, height });
      break;
    }
  }
  clearSide(page);
}

function fill(section) {
  const page = section.querySelector(".page");
  const bottom = Math.max(...[...page.children].map((node) => node.getBoundingClientRect().bottom));
  return (bottom - page.getBoundingClientRect().top) / page.clientHeight;
}

function costOf({ sections, numSplits }, trial) {
  const sparse = sections.length > 1 ? sections.filter((section) => fill(section) < SPARSE).length : 0;
  return COST.page * sections.length + COST.sparse * sparse + COST.split * numSplits + COST.trial * trial;
}

function best(source, host) {
  let chosen;
  TRIALS.forEach((trial, index) => {
    if (chosen?.sections.length === 1) return;
    const made = layout(source, trial, host);
    made.cost = costOf(made, index);
    const worse = !chosen || made.cost < chosen.cost ? chosen : made;
    if (worse !== made) chosen = made;
    worse?.sections.forEach((section) => section.remove());
  });
  return chosen.sections;
}

/** 물음 뒤의 것은 눌러야 나옵니다. 셀 하나가 한 번에 나오고, 새 쪽의 처음은 늘 보입니다. */
function addFragments(section) {
  const steps = [];
  let asked = false;
  let shown = false;
  const blocks = [...section.querySelectorAll(".page > *")];
  // 옆에 둔 그림은 맨 앞에 있지만, 노트북에서의 차례로 나옵니다.
  blocks.sort((a, b) => a.dataset.order - b.dataset.order);
  for (const block of blocks) {
    if ((asked || block.classList.contains("later")) && shown) {
      if (!steps.includes(block.dataset.cell)) steps.push(block.dataset.cell);
      block.classList.add("fragment");
      block.dataset.fragmentIndex = steps.indexOf(block.dataset.cell);
    }
    shown = true;
    if (block.querySelector(".ask") || block.matches(".ask")) asked = true;
  }
}

function addFooter(section) {
  const footer = section.querySelector("footer");
  const mark = ["live", "hidden"].find((name) => section.querySelector(`.page > [data-${name}]`));
  if (mark) footer.insertAdjacentHTML("beforeend", ` · <span class="${mark}">${footer.dataset[mark]}</span>`);
}

function paginateAll(slides) {
  const host = document.createElement("div");
  host.className = "measure";
  document.body.append(host);
  let order = 0;
  for (const block of slides.querySelectorAll(".cell > *")) block.dataset.order = order++;
  for (const source of slides.querySelectorAll(".slide")) {
    const sections = best(source, host);
    source.replaceWith(...sections);
    sections.forEach(addFragments);
    sections.forEach(addFooter);
  }
  host.remove();
}
