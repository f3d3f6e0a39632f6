// Light or dark before the first paint: what the reader chose last, else what the system prefers.
(() => {
  const stored = localStorage.getItem("dalil_theme");
  const dark = stored ? stored === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = dark ? "dark" : "light";
})();
