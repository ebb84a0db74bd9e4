// Two recurrent networks that learn a sine in the page, as in lesson 01: one carries its state from
// chunk to chunk, the other's is reset. Adam trains both on the same chunks, from the same weights.
import { button, canvas, draw, make, number, path, says, still, text } from "./picture.js";

const UNITS = 8, STEPS = 20, MOST_CHUNKS = 300, PAUSE_MS = 80, AT_ONCE = 25;
const SHOWN = 3, LEFT = 62, RIGHT = 420;
const RATE = 0.01, BETA_1 = 0.9, BETA_2 = 0.999, EPSILON = 1e-7;  // Keras' own, but for the rate

// Where each layer's weights are in one list, in the order of Keras' get_weights.
const places = (units) => {
  const recurrent = units, bias = recurrent + units * units;
  return { kernel: 0, recurrent, bias, dense: bias + units, denseBias: bias + 2 * units };
};

// Half a period of the sine as inputs, and the values that come next.
export function chunk(count) {
  const values = Array.from({ length: STEPS + 1 }, (_, t) =>
    Math.sin(Math.PI * (count + t / STEPS)));
  return { inputs: values.slice(0, -1), targets: values.slice(1) };
}

// h_t = tanh(x_t W + h_{t-1} U + b), and the forecast h_t v + c.
export function forward(weights, inputs, start) {
  const units = start.length, at = places(units), states = [start];
  for (const x of inputs) {
    const before = states.at(-1);
    states.push(before.map((_, j) => Math.tanh(before.reduce(
      (sum, h, i) => sum + h * weights[at.recurrent + i * units + j],
      x * weights[at.kernel + j] + weights[at.bias + j]))));
  }
  const forecasts = states.slice(1).map((state) => state.reduce(
    (sum, h, j) => sum + h * weights[at.dense + j], weights[at.denseBias]));
  return { states, forecasts };
}

// The gradient of the mean squared error, backwards through the chunk: `rnn_backward` in
// course_utils.cells, with an output layer. It ends at the state from which the chunk starts.
export function backward(weights, inputs, targets, { states, forecasts }) {
  const units = states[0].length, at = places(units), gradient = weights.map(() => 0);
  let later = states[0].map(() => 0);
  for (let t = inputs.length - 1; t >= 0; t -= 1) {
    const back = 2 * (forecasts[t] - targets[t]) / inputs.length;
    gradient[at.denseBias] += back;
    later = states[t + 1].map((h, i) => {
      gradient[at.dense + i] += back * h;
      return (1 - h * h) * later.reduce(
        (sum, d, j) => sum + d * weights[at.recurrent + i * units + j],
        back * weights[at.dense + i]);
    });
    later.forEach((d, j) => {
      gradient[at.kernel + j] += inputs[t] * d;
      gradient[at.bias + j] += d;
      states[t].forEach((h, i) => { gradient[at.recurrent + i * units + j] += h * d; });
    });
  }
  return gradient;
}

// Adam (Kingma and Ba 2015), as Keras writes it.
function adam(weights) {
  const mean = weights.map(() => 0), square = weights.map(() => 0);
  let step = 0;
  return (gradient) => {
    step += 1;
    const rate = RATE * Math.sqrt(1 - BETA_2 ** step) / (1 - BETA_1 ** step);
    gradient.forEach((g, i) => {
      mean[i] += (1 - BETA_1) * (g - mean[i]);
      square[i] += (1 - BETA_2) * (g * g - square[i]);
      weights[i] -= rate * mean[i] / (Math.sqrt(square[i]) + EPSILON);
    });
  };
}

// First weights as Keras draws them: Glorot and Bengio's (2010), and orthogonal recurrent ones.
function firstWeights(seed) {
  let drawn = seed;
  const limit = Math.sqrt(6 / (1 + UNITS));
  const draws = () => Array.from({ length: UNITS }, () => {
    drawn = (1664525 * drawn + 1013904223) % 2 ** 32;
    return limit * (2 * drawn / 2 ** 32 - 1);
  });
  const dot = (one, other) => one.reduce((sum, value, i) => sum + value * other[i], 0);
  const rows = [];
  while (rows.length < UNITS) {
    const row = rows.reduce((left, unit) => {
      const shared = dot(left, unit);
      return left.map((value, i) => value - shared * unit[i]);
    }, draws());
    rows.push(row.map((value) => value / Math.sqrt(dot(row, row))));
  }
  return [...draws(), ...rows.flat(), ...Array(UNITS).fill(0), ...draws(), 0];
}

// A network that forecasts the next chunk and learns from it at every call.
function learner(first, carries) {
  const weights = [...first], update = adam(weights);
  const zeros = Array(UNITS).fill(0);
  let state = zeros, count = 0;
  return () => {
    const { inputs, targets } = chunk(count);
    const run = forward(weights, inputs, carries ? state : zeros);
    update(backward(weights, inputs, targets, run));
    state = run.states.at(-1);
    count += 1;
    const loss = run.forecasts.reduce((sum, f, t) => sum + (f - targets[t]) ** 2, 0) / STEPS;
    return { loss, forecasts: run.forecasts, targets, weights };
  };
}

// What some steps of training leave: each chunk's loss, and the weights.
export function train(first, steps, carries) {
  const learn = learner(first, carries);
  const learnt = Array.from({ length: steps }, learn);
  return { losses: learnt.map(({ loss }) => loss), weights: learnt.at(-1).weights };
}

// The last chunks: what came, and what the network had forecast before it learned from them.
function forecastPlot() {
  const truth = draw("path", { class: "curve line-0" });
  const forecast = draw("path", { class: "curve" });
  const wide = (RIGHT - LEFT) / SHOWN, edge = (place) => LEFT + wide * place, numbers = draw("g");
  const edges = Array.from({ length: SHOWN + 1 }, (_, place) =>
    draw("path", { d: `M${edge(place)} 8V132`, class: "axis" }));
  const drawing = canvas(155, "The last chunks of the sine, and the forecasts of every next value",
    ...edges, text(LEFT - 6, 30, "1", { "text-anchor": "end" }),
    text(LEFT - 6, 120, "−1", { "text-anchor": "end" }), numbers, truth, forecast);
  const x = (place, t) => edge(place) + wide * (t + 0.5) / STEPS;
  const y = (value) => 70 - 45 * Math.max(-1.3, Math.min(1.3, value));
  const line = (chunks, what) => chunks.map((each, place) =>
    path(each[what].map((value, t) => [x(place, t), y(value)]))).join("");
  const show = (past, name) => {
    const last = past.slice(-SHOWN);
    truth.setAttribute("d", line(last, "targets"));
    forecast.setAttribute("d", line(last, "forecasts"));
    forecast.setAttribute("class", `curve ${name}`);
    numbers.replaceChildren(...last.map((_, place) =>
      text(edge(place + 0.5), 150, `chunk ${past.length - last.length + place + 1}`)));
  };
  return { drawing, show };
}

// The losses of both networks, and the least that is possible for one without a memory.
function lossPlot() {
  const x = (count) => LEFT + (RIGHT - LEFT) * count / MOST_CHUNKS;
  const y = (loss) => 20 - 25 * Math.max(-4.6, Math.min(0.5, Math.log10(loss)));
  const grid = [1, 0.01, 0.0001].flatMap((loss) => [
    draw("path", { d: `M${LEFT} ${y(loss)}H${RIGHT}`, class: "axis" }),
    text(LEFT - 6, y(loss) + 5, loss, { "text-anchor": "end" })]);
  const bound = y(Math.sin(Math.PI / STEPS) ** 2 / STEPS);
  const curve = (name) => draw("path", { class: `curve ${name}` });
  const lines = { carried: curve("c"), reset: curve("h") };
  const drawing = canvas(170, "The loss of both networks by the chunk, on a logarithmic scale",
    ...grid, draw("path", { d: `M${LEFT} ${bound}H${RIGHT}`, class: "gap" }),
    ...Object.values(lines),
    text(236, 162, "chunk"), text(LEFT, 162, "0"), text(RIGHT - 8, 162, MOST_CHUNKS));
  const show = (past) => Object.entries(lines).forEach(([name, line]) =>
    line.setAttribute("d", path(past[name].map(({ loss }, count) => [x(count + 1), y(loss)]))));
  return { drawing, show };
}

function render({ el }) {
  const above = forecastPlot(), below = lossPlot(), sentence = says();
  const carry = make("input", { type: "checkbox", checked: "" });
  let seed = -1, networks, past, timer;

  function update() {
    const name = carry.checked ? "carried" : "reset", all = past[name];
    above.show(all, carry.checked ? "c" : "h");
    below.show(past);
    if (!all.length) {
      sentence.textContent = "Two networks with the same first weights, drawn with seed "
        + `${seed}, wait for their first chunk.`;
    }
    if (!all.length || (timer && all.length % 10)) return;  // nobody reads ten sentences a second
    const { loss, forecasts, targets } = all.at(-1);
    const off = (t) => number(Math.abs(forecasts.at(t) - targets.at(t)), 3);
    sentence.textContent = `Chunk ${all.length}, state ${name}: the forecast is off by ${off(0)} `
      + `at the chunk's first step and by ${off(-1)} at its last. The loss is ${loss.toPrecision(2)}.`;
  }
  function step() {
    if (past.reset.length === MOST_CHUNKS) return stop();
    for (const [name, learn] of Object.entries(networks)) past[name].push(learn());
    update();
  }
  function stop() {
    clearInterval(timer);
    timer = undefined;
    sentence.setAttribute("aria-live", "polite");
    start.textContent = "Start";
    update();
  }
  function startOrPause() {
    if (timer) return stop();
    if (still()) return Array.from({ length: AT_ONCE }, step);
    timer = setInterval(step, PAUSE_MS);
    sentence.setAttribute("aria-live", "off");  // a voice could not keep up
    start.textContent = "Pause";
  }
  function startAgain() {
    seed += 1;
    const weights = firstWeights(seed);
    networks = { carried: learner(weights, true), reset: learner(weights, false) };
    past = { carried: [], reset: [] };
    stop();
  }
  const start = button("Start", startOrPause);
  carry.addEventListener("change", update);
  el.append(above.drawing, make("label", {}, carry, " carry the state from chunk to chunk"),
    sentence, make("p", { class: "buttons" }, start, button("Step", step),
      button("Start again with new weights", startAgain)),
    below.drawing, make("p", { class: "key" }, make("span", { class: "line-0" }, "the sine"),
      make("span", { class: "c" }, "state carried"), make("span", { class: "h" }, "state reset"),
      make("span", { class: "keep" }, "least loss possible without a memory")));
  startAgain();
}

export default { render };
