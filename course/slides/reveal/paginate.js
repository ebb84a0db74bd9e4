// What does not fit on a slide goes on to slides below it. Measured here, in the browser, because
// only the browser knows how tall a figure, a table or a formula is.
const WIDTH = 1200, HEIGHT = 700, CONTINUED = 40;

const isProse = (block) => block.classList.contains("jp-MarkdownCell");

const isOutput = (block) => !isProse(block) && !block.querySelector(".jp-InputArea");

// Blocks in runs, each begun by a block of which `starts(block, previous)` holds.
const runs = (starts) => (blocks) => blocks.reduce((found, block, i) => {
  if (i === 0 || starts(block, blocks[i - 1])) found.push([]);
  found.at(-1).push(block);
  return found;
}, []);

// What belongs together, from coarse to fine: prose with the code after it, code with its outputs.
const SPLITS = [
  runs((block, previous) => isProse(block) && !isProse(previous)),
  runs((block) => !isOutput(block)),
  runs(() => true),
];

// The blocks of each slide, so that none is taller than the screen unless a single block is.
function pages(blocks) {
  const top = (block) => block.getBoundingClientRect().top;
  const bottom = (block) => block.getBoundingClientRect().bottom;
  const all = [[]];
  let start = top(blocks[0]);
  let room = HEIGHT;
  function place(some, [split, ...finer]) {
    const end = bottom(some.at(-1));
    const fitsAlone = end - top(some[0]) <= HEIGHT - CONTINUED;
    if (end - start > room && all.at(-1).length && (fitsAlone || !split)) {
      all.push([]);
      start = top(some[0]);
      room = HEIGHT - CONTINUED;
    }
    if (end - start <= room || !split) all.at(-1).push(...some);
    else split(some).forEach((part) => place(part, finer));
  }
  place(blocks, SPLITS);
  return all;
}

function paginate(section) {
  const notes = section.querySelector(":scope > aside.notes");
  const blocks = [...section.children].filter((child) => child !== notes);
  if (!blocks.length) return;
  const heading = section.querySelector("h1, h2, h3")
    ?? section.parentElement.querySelector("h1, h2, h3");
  let previous = section;
  for (const [number, page] of pages(blocks).entries()) {
    const room = number ? HEIGHT - CONTINUED : HEIGHT;
    const height = page.at(-1).getBoundingClientRect().bottom - page[0].getBoundingClientRect().top;
    if (height > room) page.forEach((block) => { block.style.zoom = room / height; });
    if (number === 0) continue;
    const next = document.createElement("section");
    const title = document.createElement("p");
    title.className = "continued";
    title.textContent = heading?.textContent ?? "";
    next.append(title, ...page);
    if (notes) next.append(notes.cloneNode(true));
    previous.after(next);
    previous = next;
  }
}

async function start() {
  await document.fonts.load("25px 'Source Sans Pro'");
  await Promise.all([...document.images].map((image) => image.decode()));
  const reveal = document.querySelector(".reveal");
  reveal.classList.add("measuring");
  document.querySelectorAll(".slides > section > section").forEach(paginate);
  reveal.classList.remove("measuring");
  await Reveal.initialize({
    width: WIDTH, height: HEIGHT, margin: 0.03, center: false, hash: true, slideNumber: "c/t",
    transition: "none", plugins: [RevealNotes],
  });
}

start();
