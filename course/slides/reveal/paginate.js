// What does not fit on a slide goes on to slides below it. Measured here, in the browser, because
// only the browser knows how tall a figure, a table or a formula is.
const WIDTH = 1280, HEIGHT = 720, ROOM = { width: 1200, height: 655 }, WORDS = 60, SLIDES = 35;
const LARGEST = 500, CONTINUED = 54, NOTHING = { height: 0, words: 0 };

const PROSE = ".jp-RenderedMarkdown :is(p, li:not(:has(p)), h1, h2, h3)";

const isProse = (block) => block !== null && block.classList.contains("jp-MarkdownCell");

const isOutput = (block) => !isProse(block) && !block.querySelector(".jp-InputArea");

function words(blocks) {
  const prose = blocks.flatMap((block) => [...block.querySelectorAll(PROSE)]);
  return prose.flatMap((part) => part.innerText.match(/[\p{L}\p{N}'’-]+/gu) ?? []).length;
}

const heightOf = (blocks) => blocks.reduce((sum, block) => sum + block.offsetHeight, 0);

const isHeading = (block) => block.querySelector("h1, h2, h3") !== null;

// What introduces a block: a heading, prose before it, and the code before its outputs.
function introduction(page, block) {
  let start = page.length;
  if (isProse(block)) return isHeading(page[start - 1]) ? page.slice(start - 1) : [];
  const isCode = !isProse(page[start - 1]) && !isOutput(page[start - 1]);
  if (isOutput(block) && isCode) start -= 1;
  while (start && isProse(page[start - 1])) start -= 1;
  return page.slice(start);
}

// The blocks of each slide, so that none has too much unless a single block is.
function pages(blocks, title) {
  const all = [[]];
  const fits = (some, used) => heightOf(some) <= ROOM.height - used.height
    && words(some) <= WORDS - used.words;
  for (const block of blocks) {
    const page = all.at(-1);
    if (!page.length || fits([...page, block], all.length > 1 ? title : NOTHING)) {
      page.push(block);
    } else {
      const before = introduction(page, block);
      const moved = before.length < page.length && fits([...before, block], title) ? before : [];
      page.length -= moved.length;
      all.push([...moved, block]);
    }
  }
  return all;
}

// Figures take the room that is left.
function fill(page, height) {
  const figures = page.flatMap((block) => [...block.querySelectorAll("img")]);
  const room = Math.max(0, height - heightOf(page)) / (figures.length || 1);
  for (const figure of figures) {
    figure.style.height = `${Math.min(LARGEST, figure.offsetHeight + room)}px`;
  }
}

const blocksOf = (section) => [...section.children].filter((child) => !child.matches("aside"));

function titleOf(section) {
  const name = section.querySelector("h1, h2")?.innerText ?? "";
  return { name, height: CONTINUED, words: name.split(/\s+/).length };
}

// Take a block away, with the prose that leads to it; returns a function that puts both back.
function take(block) {
  const { parentNode, nextSibling, previousElementSibling: before } = block;
  const leads = isProse(before) && before.innerText.trim().endsWith(":");
  const taken = leads ? [before, block] : [block];
  taken.forEach((one) => one.remove());
  return () => taken.forEach((one) => parentNode.insertBefore(one, nextSibling));
}

// Leave out tables that are too large to be read, and what else a room can do without until there
// are few enough slides: the tallest code, then tables; in the first round what makes them fewer.
function leaveOut(sections) {
  const all = sections.flatMap(blocksOf);
  const tallest = (some) => some.toSorted((one, other) => other.offsetHeight - one.offsetHeight);
  const tables = tallest(all.filter((block) => isOutput(block) && block.querySelector("table")));
  const spare = [...tallest(all.filter((block) => !isProse(block) && !isOutput(block))), ...tables];
  tables.filter((block) => block.offsetHeight > ROOM.height - CONTINUED
    || block.scrollWidth > ROOM.width).forEach(take);
  const slides = () => sections.flatMap((section) => pages(blocksOf(section), titleOf(section)));
  let count = slides().length;
  for (const round of [1, 2]) {
    for (const block of spare.filter((one) => one.isConnected)) {
      if (count <= SLIDES) return;
      const putBack = take(block), left = slides().length;
      if (round === 1 && left >= count) putBack();
      else count = left;
    }
  }
}

function paginate(section) {
  const notes = section.querySelector(":scope > aside"), title = titleOf(section);
  let previous = section;
  for (const [number, page] of pages(blocksOf(section), title).entries()) {
    fill(page, ROOM.height - (number && CONTINUED));
    if (number === 0) continue;
    const next = document.createElement("section");
    const again = document.createElement("p");
    again.className = "continued";
    again.textContent = title.name;
    next.append(again, ...page);
    if (notes) next.append(notes.cloneNode(true));
    previous.after(next);
    previous = next;
  }
}

async function start() {
  await Promise.all([
    ...[...document.fonts].map((font) => font.load()),
    MathJax.startup.promise,
    ...[...document.images].map((image) => image.decode()),
  ]);
  const reveal = document.querySelector(".reveal");
  reveal.classList.add("measuring");
  const sections = [...document.querySelectorAll(".slides > section > section")];
  leaveOut(sections);
  sections.forEach(paginate);
  reveal.classList.remove("measuring");
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0, center: false, hash: true, slideNumber: "c/t",
    transition: "none", plugins: [RevealNotes],
  });
}

window.addEventListener("load", start);
