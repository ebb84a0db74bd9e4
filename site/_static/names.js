// The arrows that unfold a part of the navigation have no name of their own.
document.addEventListener("DOMContentLoaded", () => {
  for (const arrow of document.querySelectorAll(".bd-links summary")) {
    const above = arrow.closest("li").querySelector("a");
    arrow.setAttribute("aria-label", `Pages below ${above.textContent.trim()}`);
  }
});
