// What every live picture is made of: drawings, sliders and buttons that a keyboard reaches, and a
// sentence that says to everybody, screen readers included, what is to be seen.
const SVG = "http://www.w3.org/2000/svg";

export const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// Two decimals, with a minus that can be seen, and no minus before zero.
export const number = (value, digits = 2) =>
  (Number(value.toFixed(digits)) + 0).toFixed(digits).replace("-", "−");

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export const draw = (name, attributes = {}, ...children) =>
  filled(document.createElementNS(SVG, name), attributes, children);

export const make = (name, attributes = {}, ...children) =>
  filled(document.createElement(name), attributes, children);

export const text = (x, y, words = "", attributes = {}) =>
  draw("text", { x, y, "text-anchor": "middle", ...attributes }, words);

export const canvas = (height, label, ...children) =>
  draw("svg", { viewBox: `0 0 430 ${height}`, role: "img", "aria-label": label }, ...children);

export const path = (points) =>
  points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");

// A labelled slider that shows its value in words; `changed` is called with the new one.
export function slider(label, { min, max, step, value, words = String }, changed) {
  const input = make("input", { type: "range", min, max, step, value });
  const output = make("output");
  const say = () => {
    output.textContent = words(input.valueAsNumber);
    input.setAttribute("aria-valuetext", output.textContent);
  };
  input.addEventListener("input", () => { say(); changed(input.valueAsNumber); });
  say();
  return make("label", { class: "slider" }, make("span", {}, label), input, output);
}

export function button(label, pressed) {
  const element = make("button", { type: "button" }, label);
  element.addEventListener("click", pressed);
  return element;
}

export const says = () => make("p", { class: "says", "aria-live": "polite" });
