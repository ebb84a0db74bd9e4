// What makes a page readable: a cue where a block scrolls, figures that open large, code that can
// be hidden, and outputs that wait for a guess.
const FIGURES = "article :is(figure, .cell_output:not(:has(script.plotly-figure))) img";
const SCROLLING = "mjx-container[display], .pst-scrollable-table-container, .output, .highlight pre, "
  + ".cell_output:has(script.plotly-figure)";

function mark(block) {
  const more = block.scrollWidth - block.clientWidth - block.scrollLeft > 1;
  block.classList.toggle("scrolls-on", more);
  if (block.scrollWidth > block.clientWidth + 1) block.tabIndex = 0;
}

async function markWhatScrolls() {
  await window.MathJax?.startup?.promise;
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => mark(target)));
  for (const block of document.querySelectorAll(SCROLLING)) {
    observer.observe(block);
    block.addEventListener("scroll", () => mark(block), { passive: true });
  }
}

function enlargeable(image, dialog) {
  const button = document.createElement("button");
  button.className = "enlarge";
  button.title = "Enlarge";
  image.replaceWith(button);
  button.append(image);
  button.addEventListener("click", () => {
    const large = image.cloneNode();
    large.removeAttribute("style");
    dialog.querySelector("img")?.remove();
    dialog.append(large);
    dialog.showModal();
  });
}

function openFiguresLarge() {
  const dialog = document.createElement("dialog");
  dialog.className = "large-figure";
  dialog.setAttribute("aria-label", "Figure");
  dialog.innerHTML = '<button autofocus>Close</button>';
  dialog.addEventListener("click", () => dialog.close());
  document.body.append(dialog);
  for (const image of document.querySelectorAll(FIGURES)) {
    enlargeable(image, dialog);
  }
}

function offerToHideCode() {
  const title = document.querySelector("article h1");
  if (!title || !document.querySelector("article .cell_input")) return;
  const button = document.createElement("button");
  button.className = "code-switch";
  button.textContent = "Hide code";
  button.addEventListener("click", () => {
    const hidden = document.documentElement.classList.toggle("without-code");
    button.textContent = hidden ? "Show code" : "Hide code";
  });
  title.after(button);
}

// What comes out after a question waits until the reader has guessed.
function waitForGuesses() {
  const outputs = [...document.querySelectorAll("article .cell_output")];
  for (const question of document.querySelectorAll("article p")) {
    const output = outputs.find((one) =>
      question.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING);
    if (!output || !question.textContent.startsWith("What do you expect")) continue;
    const button = document.createElement("button");
    button.className = "after-guess";
    button.textContent = "I have a guess: show what comes out";
    const show = () => {
      button.remove();
      output.classList.remove("waits");
    };
    button.addEventListener("click", show);
    for (let one = question.nextElementSibling; one?.matches("details"); one = one.nextElementSibling) {
      one.addEventListener("toggle", show, { once: true });
    }
    output.classList.add("waits");
    output.before(button);
  }
}

document.addEventListener("DOMContentLoaded", () => {
  waitForGuesses();
  openFiguresLarge();
  offerToHideCode();
});
window.addEventListener("load", markWhatScrolls);
