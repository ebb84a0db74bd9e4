// A unit unrolled through time: the gradient on its way back is a product of equal factors.
import { canvas, draw, make, path, says, slider, text } from "./picture.js";

const DRAWN = 9, LEFT = 68, RIGHT = 420, DECADES = 12;

// What is left of a gradient after some steps back through h_t = w h_{t-1} + x_t.
export const gradient = (weight, stepsBack) => weight ** stepsBack;

const power = (exponent) =>
  `10${`${exponent}`.replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])}`;

// 0.0052 or 5.2e-7, as a person would write it.
const brief = (value) => (value !== 0 && (value < 1e-3 || value >= 1e4)
  ? value.toExponential(1).replace(/e[+]?(.*)/, (_, exponent) => ` × ${power(exponent)}`)
  : String(Number(value.toPrecision(2))));

function render({ el, model }) {
  const values = { weight: model.get("weight"), steps: model.get("steps") };
  const circle = () => draw("circle", { r: 14, cy: 40, class: "unit" });
  const units = Array.from({ length: DRAWN }, circle);
  const names = units.map(() => text(0, 78));
  const curve = draw("path", { class: "curve c" }), here = draw("circle", { r: 5, class: "dot" });
  const grid = [-12, -6, 0, 6, 12].flatMap((decade) => {
    const y = 200 - 90 * decade / DECADES;
    const name = decade ? power(decade) : "1";
    return [draw("path", { d: `M${LEFT} ${y}H${RIGHT}`, class: "axis" }),
      text(LEFT - 6, y + 5, name, { "text-anchor": "end" })];
  });
  const drawing = canvas(325, "Units of the unrolled network, and the gradient by steps back",
    draw("path", { d: `M${LEFT} 40H${RIGHT}`, class: "axis" }), ...units, ...names, ...grid,
    curve, here, text(240, 315, "steps back"));
  const sentence = says();

  function update() {
    const { weight, steps } = values;
    const x = (back) => RIGHT - (RIGHT - LEFT) * back / 100;
    const y = (back) => {
      const decade = Math.log10(gradient(weight, back));
      return 200 - 90 * Math.max(-DECADES, Math.min(DECADES, decade)) / DECADES;
    };
    units.forEach((unit, place) => {
      const back = Math.round(steps * place / (DRAWN - 1));
      const left = gradient(weight, back);
      unit.setAttribute("cx", RIGHT - 14 - 43 * place);
      unit.style.fillOpacity = Math.min(1, left);
      unit.classList.toggle("explodes", left > 2);
      names[place].setAttribute("x", RIGHT - 14 - 43 * place);
      names[place].textContent = back ? `−${back}` : "T";
    });
    curve.setAttribute("d", path(Array.from({ length: 101 }, (_, back) => [x(back), y(back)])));
    here.setAttribute("cx", x(steps));
    here.setAttribute("cy", y(steps));
    sentence.textContent = `Each step back multiplies the gradient by ${weight.toFixed(2)}. `
      + `${steps} step${steps > 1 ? "s" : ""} back, ${brief(gradient(weight, steps))} of it is left.`;
  }
  const change = (name) => (value) => { values[name] = value; update(); };
  const { weight, steps } = values;
  el.append(drawing, sentence, make("div", { class: "sliders" },
    slider("weight", { min: 0, max: 2, step: 0.01, value: weight, words: (w) => w.toFixed(2) },
      change("weight")),
    slider("steps back", { min: 1, max: 100, step: 1, value: steps }, change("steps"))));
  update();
}

export default { render };
