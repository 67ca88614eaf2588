// Before the first paint, so that a dark page does not flash white.
try {
  const kept = localStorage.getItem("gradmark-theme");
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  document.documentElement.dataset.theme = kept || (dark ? "dark" : "light");
} catch {
  document.documentElement.dataset.theme = "light";
}
