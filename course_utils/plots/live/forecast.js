// A year of forecasts: the whole of it looks good; close up, the forecasts are late.
import { canvas, draw, make, number, path, says, slider, text } from "./picture.js";

const HEIGHT = 240, LEFT = 36, BOTTOM = 210, TOP = 8, RIGHT = 424;

// The root of the mean squared error of forecasts that are moved back by some days.
export function rmse(truth, forecast, shift = 0) {
  const kept = truth.slice(0, truth.length - shift);
  const errors = kept.map((value, day) => forecast[day + shift] - value);
  return Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
}

function ticks(low, high) {
  const step = [1, 2, 5, 10, 20].find((one) => (high - low) / one < 6);
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, i) => (first + i) * step);
}

function render({ el, model }) {
  const days = model.get("days"), lines = model.get("lines");
  const names = Object.keys(lines), [truth, ...forecasts] = names;
  const view = { first: 0, shown: days.length, shift: 0 };
  const curves = Object.fromEntries(
    names.map((name, i) => [name, draw("path", { class: `curve line-${i}` })]));
  const grid = draw("g", { class: "grid" });
  const drawing = canvas(HEIGHT, `${names.join(", ")}; the sentence below says their errors`,
    grid, ...Object.values(curves).reverse());
  const sentence = says();

  function update() {
    const last = Math.min(days.length, view.first + view.shown) - 1, first = last - view.shown + 1;
    const part = (name) => {
      const shift = name === truth ? 0 : view.shift;
      return lines[name].slice(first + shift, last + shift + 1);
    };
    const all = names.flatMap(part);
    const [low, high] = [Math.min(...all) - 0.5, Math.max(...all) + 0.5];
    const x = (i) => LEFT + (RIGHT - LEFT) * i / (view.shown - 1);
    const y = (value) => BOTTOM - (BOTTOM - TOP) * (value - low) / (high - low);
    for (const name of names) {
      curves[name].setAttribute("d", path(part(name).map((value, i) => [x(i), y(value)])));
    }
    const at = [0, 0.5, 1].map((share) => Math.round(share * (view.shown - 1)));
    grid.replaceChildren(
      ...ticks(low, high).flatMap((value) => [
        draw("path", { d: `M${LEFT} ${y(value)}H${RIGHT}`, class: "axis" }),
        text(LEFT - 6, y(value) + 5, String(value), { "text-anchor": "end" })]),
      ...at.map((i, place) => text(x(i), HEIGHT - 8, days[first + i],
        { "text-anchor": ["start", "middle", "end"][place] })));
    const errors = forecasts.map((name) =>
      `${name} ${number(rmse(lines[truth], lines[name], view.shift))}`);
    const moved = view.shift === 0 ? "As they were made" : `Moved back by ${view.shift} `
      + `day${view.shift > 1 ? "s" : ""}`;
    sentence.textContent = `${moved}, the forecasts miss the truth of the year by (RMSE, in `
      + `dollars): ${errors.join("; ")}.`;
  }
  const change = (name) => (value) => { view[name] = value; update(); };
  const most = days.length;
  el.append(
    make("p", {}, "This is the picture that sells forecasts of share prices: over the year, all "
      + "lines look alike. Show a few days only. Then move the forecasts back by a day."),
    drawing,
    make("p", { class: "key" },
      ...names.map((name, i) => make("span", { class: `line-${i}` }, name))),
    make("div", { class: "sliders" },
      slider("days shown", { min: 10, max: most, step: 1, value: most }, change("shown")),
      slider("first day", { min: 0, max: most - 10, step: 1, value: 0, words: (day) => days[day] },
        change("first")),
      slider("days moved back", { min: 0, max: 8, step: 1, value: 0 }, change("shift"))),
    sentence);
  update();
}

export default { render };
