// An LSTM's cell with its gates as dials: parts carry their numbers, and the state runs on.
import { button, canvas, draw, make, number, path, says, slider, still, text } from "./picture.js";

const MOST_STEPS = 40;
const GATES = { forget: [90, "f"], input: [180, "i"], candidate: [250, "c̃"], output: [315, "o"] };

// h_t = o_t tanh(c_t) and c_t = f_t c_{t-1} + i_t c~_t, as `remember` in course_utils.cells.
export function remember(cellState, { forget, input, candidate, output }) {
  const kept = forget * cellState, added = input * candidate, c = kept + added;
  return { kept, added, c, squeezed: Math.tanh(c), h: output * Math.tanh(c) };
}

// After how many steps half of the state is left, if nothing is added.
export const halfLife = (forget) => Math.log(0.5) / Math.log(forget);

const line = (d, part) => draw("path", { d, class: `flow ${part}`, "marker-end": "url(#arrow)" });

const operator = (x, y, sign, part) => draw("g", { class: part },
  draw("circle", { cx: x, cy: y, r: 12, class: "operator" }), text(x, y + 5, sign));

function gate(name) {
  const [x, letter] = GATES[name];
  const level = draw("rect", { x: x - 30, width: 60, class: "level" });
  const value = text(x, 216);
  const frame = draw("rect", { x: x - 30, y: 178, width: 60, height: 44, rx: 5, class: "box" });
  const set = (given) => {
    const height = 44 * Math.abs(given);
    level.setAttribute("y", 222 - height);
    level.setAttribute("height", height);
    value.textContent = number(given);
  };
  const shown = draw("g", {}, level, frame, text(x, 196, letter), value);
  return { set, shown };
}

function cell() {
  const gates = Object.fromEntries(Object.keys(GATES).map((name) => [name, gate(name)]));
  const numbers = {
    before: text(28, 40), kept: text(152, 40), added: text(262, 100), c: text(396, 40),
    squeezed: text(396, 160), h: text(402, 235),
  };
  const arrow = draw("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 5,
    markerHeight: 5, orient: "auto" }, draw("path", { d: "M0 0L8 4L0 8Z" }));
  const drawing = canvas(245, "The LSTM's cell; the sentence below says its numbers",
    draw("defs", {}, arrow),
    line("M20 60H78", "keep"), line("M102 60H203", "keep"), line("M227 60H415", "add"),
    line("M90 178V72", "keep"), line("M180 178L207 135", "add"), line("M250 178L223 135", "add"),
    line("M215 113V72", "add"), line("M370 60V98", "show"), line("M370 126V188", "show"),
    line("M345 200H358", "show"), line("M382 200H415", "show"),
    operator(90, 60, "×", "keep"), operator(215, 60, "+", "add"), operator(215, 125, "×", "add"),
    operator(370, 200, "×", "show"),
    draw("rect", { x: 348, y: 98, width: 44, height: 28, rx: 5, class: "box" }),
    text(370, 117, "tanh"), text(28, 82, "cₜ₋₁"), text(400, 82, "cₜ"), text(408, 190, "hₜ"),
    text(152, 82, "kept"), text(262, 82, "added"),
    ...Object.values(gates).map(({ shown }) => shown), ...Object.values(numbers));
  return { gates, numbers, drawing };
}

function history() {
  const lines = { c: draw("path", { class: "curve c" }), h: draw("path", { class: "curve h" }) };
  const names = { c: text(0, 0, "c", { class: "c" }), h: text(0, 0, "h", { class: "h" }) };
  const zero = draw("path", { d: "M20 60H410", class: "axis" });
  const drawing = canvas(120, "Cell state c and hidden state h over the steps taken",
    zero, text(8, 64, "0"), ...Object.values(lines), ...Object.values(names));
  const show = (states) => {
    const top = Math.max(2, ...states.flatMap(({ c }) => Math.abs(c)));
    for (const name of ["c", "h"]) {
      const points = states.map((state, t) => [20 + 9.5 * t, 60 - 52 * state[name] / top]);
      if (name === "h" && points.length > 1) points.shift();  // none before the first step
      lines[name].setAttribute("d", path(points));
      const [x, y] = points.at(-1);
      names[name].setAttribute("x", Math.min(x + 10, 424));
      names[name].setAttribute("y", y + 5);
    }
  };
  return { drawing, show };
}

function guess(values) {
  const said = make("input", { type: "number", min: 0, step: 0.5, required: "" });
  const answer = make("output");
  const form = make("form", { class: "guess" },
    make("label", {}, "With this forget gate and nothing added, after how many steps is half of "
      + "the state left? Your guess: ", said), make("button", {}, "Compare"), answer);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const steps = halfLife(values.forget);
    const right = Number.isFinite(steps) && steps > 0 ? `after ${number(steps, 1)} steps`
      : values.forget === 1 ? "never" : "in the first step";
    answer.textContent = ` You said ${said.value}; it is ${right}.`;
  });
  return { form, forget: () => { answer.textContent = ""; } };
}

function render({ el, model }) {
  const values = Object.fromEntries(Object.keys(GATES).map((name) => [name, model.get(name)]));
  const c = model.get("cell_state"), states = [{ c, h: 0 }];
  const { gates, numbers, drawing } = cell(), past = history(), sentence = says();
  const question = guess(values);
  let timer;

  function update() {
    const before = states.at(-1).c, now = remember(before, values);
    for (const [name, { set }] of Object.entries(gates)) set(values[name]);
    for (const [name, place] of Object.entries(numbers)) {
      place.textContent = number({ before, ...now }[name]);
    }
    past.show(states);
    sentence.textContent = `Step ${states.length}: of ${number(before)} the cell keeps `
      + `${number(now.kept)}, adds ${number(now.added)}, and so holds ${number(now.c)}; of that it `
      + `shows ${number(now.h)}.`;
  }
  function step() {
    if (states.length > MOST_STEPS) return stop();
    const now = remember(states.at(-1).c, values);
    states.push({ c: now.c, h: now.h });
    drawing.classList.remove("lit");
    requestAnimationFrame(() => drawing.classList.add("lit"));
    return update();
  }
  function stop() {
    clearInterval(timer);
    timer = undefined;
    run.textContent = "Run";
  }
  function runOrStop() {
    if (timer) return stop();
    if (still()) return Array.from({ length: 10 }, step);
    timer = setInterval(step, 1200);
    return run.replaceChildren("Stop");
  }
  function startAgain() {
    stop();
    states.splice(0, states.length, { c, h: 0 });
    update();
  }
  const sliders = Object.keys(GATES).map((name) => slider(
    name === "candidate" ? name : `${name} gate`,
    { min: name === "candidate" ? -1 : 0, max: 1, step: 0.01, value: values[name],
      words: number },
    (value) => { values[name] = value; question.forget(); update(); }));
  const run = button("Run", runOrStop);
  el.append(drawing, sentence, make("div", { class: "sliders" }, ...sliders),
    make("p", { class: "buttons" }, button("Step", step), run, button("Start again", startAgain)),
    past.drawing, question.form);
  update();
}

export default { render };
