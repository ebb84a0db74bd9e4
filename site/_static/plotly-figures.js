// Pictures that answer a hover replace their still versions once they are in view.
const folder = new URL(".", document.currentScript.src);
let plotly;

function load() {
  plotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL("plotly.min.js", folder);
    script.onload = () => resolve(window.Plotly);
    script.onerror = reject;
    document.head.append(script);
  });
  return plotly;
}

async function draw(image, data) {
  const Plotly = await load();
  const { data: traces, layout, config } = JSON.parse(data.textContent);
  const box = document.createElement("div");
  box.className = "plotly-drawn";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", image.alt);
  image.replaceWith(box);
  await Plotly.newPlot(box, traces, { ...layout, autosize: true },
    { ...config, responsive: true });
}

document.addEventListener("DOMContentLoaded", () => {
  for (const data of document.querySelectorAll("script.plotly-figure")) {
    const image = data.closest(".cell_output").querySelector("img");
    new IntersectionObserver((entries, observer) => {
      if (entries.some((entry) => entry.isIntersecting)) {
        observer.disconnect();
        draw(image, data);
      }
    }, { rootMargin: "400px" }).observe(image);
  }
});
