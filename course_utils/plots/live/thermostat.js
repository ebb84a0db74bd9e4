// A thermostat to steer: what a window of temperatures knows of its heating, and what a state does.
import { button, canvas, draw, make, number, path, says, slider, text } from "./picture.js";

const ON_BELOW = -1, OFF_ABOVE = 1, SHOWN = 40, LEFT = 40, STEP = 9.6;

// The heating after a temperature, as `run_thermostat` in course_utils.thermostat.
export const heating = (temperature, before) =>
  (temperature <= ON_BELOW ? 1 : temperature >= OFF_ABOVE ? 0 : before);

const decides = (temperature) => temperature <= ON_BELOW || temperature >= OFF_ABOVE;

// All steps after a temperature, which its heating depends on.
const after = (steps, temperature) =>
  [...steps, { temperature, on: heating(temperature, steps.at(-1)?.on) }];

function render({ el, model }) {
  const lookback = model.get("lookback");
  const start = model.get("temperature").reduce(after, []);
  let steps = start;
  let { temperature } = steps.at(-1);
  const x = (place) => LEFT + STEP * place, y = (temperature) => 85 - 37 * temperature;
  const curve = draw("path", { class: "curve line-0" });
  const now = draw("circle", { r: 5, class: "dot" });
  const window = draw("rect", { y: 8, height: 154, class: "seen" });
  const bars = draw("g");
  const thresholds = [[ON_BELOW, "on"], [OFF_ABOVE, "off"]].flatMap(([at, name]) => [
    draw("path", { d: `M${LEFT} ${y(at)}H424`, class: "axis" }), text(14, y(at) + 5, name)]);
  const drawing = canvas(200, "Temperature over time with two thresholds, and the heating below",
    window, ...thresholds, curve, now, bars, text(0, 188, "heat", { "text-anchor": "start" }));
  const sentence = says();

  function update() {
    const last = steps.slice(-SHOWN), seen = last.slice(-lookback);
    const { temperature: here, on } = last.at(-1);
    curve.setAttribute("d", path(last.map((step, place) => [x(place), y(step.temperature)])));
    now.setAttribute("cx", x(last.length - 1));
    now.setAttribute("cy", y(here));
    window.setAttribute("x", x(last.length - seen.length) - 5);
    window.setAttribute("width", STEP * seen.length);
    bars.replaceChildren(...last.flatMap((step, place) => (step.on
      ? [draw("rect", { x: x(place) - 4, y: 176, width: 8, height: 14, class: "level" })] : [])));
    const knows = seen.some((step) => decides(step.temperature));
    sentence.textContent = `Step ${steps.length}: ${number(here)} °C, the heating is `
      + `${on ? "on" : "off"}. A state remembers that. The last ${seen.length} `
      + `temperatures, framed, ${knows ? "tell it, too, because one of them reached a threshold"
        : "cannot tell, because none of them reached a threshold"}.`;
  }
  function step() {
    steps = after(steps, temperature);
    update();
  }
  el.append(drawing, sentence, make("div", { class: "sliders" },
    slider("temperature, °C", { min: -2, max: 2, step: 0.05, value: temperature, words: number },
      (value) => { temperature = value; step(); })),
  make("p", { class: "buttons" }, button("Let time pass", step), button("Start again", () => {
    steps = start;
    update();
  })));
  update();
}

export default { render };
