// A series cut into windows and targets.
import { canvas, draw, make, path, says, slider, text } from "./picture.js";

const LEFT = 10, RIGHT = 420, SHOWN = 5;

// Where a window and its target lie: positions in the series, the end not included.
export const cut = (window, lookback, horizon) =>
  ({ start: window, end: window + lookback, target: window + lookback + horizon - 1 });

// How many windows a series of some length gives, as `make_windows` in course_utils.windows.
export const count = (length, lookback, horizon) => length - lookback - horizon + 1;

function render({ el, model }) {
  const series = model.get("values"), name = model.get("name");
  const [length, lookback, horizon] = ["length", "lookback", "horizon"].map(model.get);
  const values = { lookback, horizon, window: 0 };
  const [low, high] = [Math.min(...series), Math.max(...series)];
  const x = (step) => LEFT + (RIGHT - LEFT) * step / (series.length - 1);
  const y = (value) => 110 - 95 * (value - low) / (high - low);
  const line = (start, end) =>
    path(series.slice(start, end).map((value, i) => [x(start + i), y(value)]));
  const seen = draw("path", { class: "curve c" });
  const target = draw("circle", { r: 6, class: "target" });
  const bars = draw("g");
  const drawing = canvas(245, `${name}, a window of it, and the windows after it`,
    draw("path", { d: line(0, series.length), class: "curve line-1" }), seen, target, bars,
    text(215, 240, "time step"));
  const sentence = says();

  function bar(window, row) {
    const { start, end, target: at } = cut(window, values.lookback, values.horizon);
    const top = 125 + 20 * row, height = 13;
    return draw("g", {},
      draw("rect", { x: x(start), y: top, width: x(end) - x(start), height, class: "seen" }),
      draw("path", { d: `M${x(end)} ${top + 6.5}H${x(at)}`, class: "gap" }),
      draw("circle", { cx: x(at), cy: top + 6.5, r: 5, class: "target" }));
  }
  function update() {
    const all = count(length, values.lookback, values.horizon);
    const drawn = count(series.length, values.lookback, values.horizon);
    const window = Math.min(values.window, drawn - 1);
    const { start, end, target: at } = cut(window, values.lookback, values.horizon);
    seen.setAttribute("d", line(start, end));
    target.setAttribute("cx", x(at));
    target.setAttribute("cy", y(series[at]));
    const rows = Array.from({ length: Math.min(SHOWN, drawn - window) }, (_, row) => window + row);
    bars.replaceChildren(...rows.map(bar));
    sentence.textContent = `${length} values give ${all} windows. Window ${window} holds `
      + `steps ${start} to ${end - 1}; its target is step ${at}.`;
  }
  const change = (key) => (value) => { values[key] = value; update(); };
  const longest = Math.max(1, Math.floor(0.75 * series.length));
  const furthest = Math.max(1, series.length - longest);
  el.append(drawing, sentence, make("div", { class: "sliders" },
    slider("lookback", { min: 1, max: longest, step: 1, value: lookback }, change("lookback")),
    slider("horizon", { min: 1, max: furthest, step: 1, value: horizon }, change("horizon")),
    slider("window", { min: 0, max: series.length - 2, step: 1, value: 0 }, change("window"))));
  update();
}

export default { render };
