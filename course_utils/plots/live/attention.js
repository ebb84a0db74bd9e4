// Attention over a sentence pair: for each word that is written, how much of each word read it uses.
import { make, number, says } from "./picture.js";

// The words read with the largest weights, the largest first.
export function strongest(weights, words, count = 2) {
  const order = weights.map((_, place) => place).sort((a, b) => weights[b] - weights[a]);
  return order.slice(0, count).map((place) => `“${words[place]}” (${number(weights[place])})`);
}

function readWord(word) {
  const weight = make("output");
  const shown = make("span", { class: "word" }, make("span", {}, word), weight);
  const light = (value) => {
    shown.style.setProperty("--weight", value);
    weight.textContent = number(value);
  };
  return { shown, light };
}

function writtenWord(word, group, looked) {
  const input = make("input", { type: "radio", name: group });
  const shown = make("label", { class: "word" }, input, make("span", {}, word));
  const choose = () => { input.checked = true; looked(); };
  input.addEventListener("change", choose);
  shown.addEventListener("pointerenter", choose);
  return { shown, choose };
}

function render({ el, model }) {
  const [weights, read, written] = ["weights", "read", "written"].map(model.get);
  const sources = read.map(readWord), sentence = says(), group = `attention-${Math.random()}`;

  const look = (place) => {
    sources.forEach(({ light }, source) => light(weights[place][source]));
    const [most, second] = strongest(weights[place], read);
    sentence.textContent = `While it writes “${written[place]}”, the decoder looks most at ${most}, `
      + `then at ${second}. The weights of all words read add up to 1.`;
  };
  const targets = written.map((word, place) => writtenWord(word, group, () => look(place)));
  el.append(
    make("p", {}, "Choose a word that is written; the numbers say how much of each word read it "
      + "uses."),
    make("p", {}, "Read:"),
    make("div", { class: "words" }, ...sources.map(({ shown }) => shown)),
    make("fieldset", { class: "words" }, make("legend", {}, "Written:"),
      ...targets.map(({ shown }) => shown)),
    sentence);
  targets[0].choose();
}

export default { render };
