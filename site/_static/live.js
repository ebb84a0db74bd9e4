// Pictures that can be touched take the place of their still versions, which stay for paper.
async function bring(place) {
  const { default: picture } = await import(`./${place.dataset.picture}.js`);
  const data = JSON.parse(place.querySelector("script")?.textContent ?? "{}");
  picture.render({ el: place, model: { get: (name) => data[name] } });
  const image = place.closest(".cell_output")?.querySelector("img");
  const still = image?.closest("button") ?? image ?? place.previousElementSibling;
  if (still?.matches("img, button, figure")) still.classList.add("still-version");
  place.hidden = false;
}

// Once reading.js has made figures enlargeable.
window.addEventListener("load", () => document.querySelectorAll(".live-picture").forEach(bring));
