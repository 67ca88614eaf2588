// Draw what the address asks for; again when it changes.

function drawHeader() {
  const { cpu, n_threads, commit, date } = DATA.facts;
  byId("machine").textContent = `${cpu}, ${n_threads} thread${n_threads > 1 ? "s" : ""} · ${commit} · ${date}`;
  byId("footer").textContent = DATA.facts.footer;
}

function draw() {
  const focused = document.activeElement?.dataset?.place || document.activeElement?.dataset?.name;
  drawViews();
  drawControls();
  const chosen = VIEWS.find((each) => each.id === state.view) || VIEWS[0];
  const root = h("div", { class: `view view-${chosen.id}` });
  byId("main").replaceChildren(root);
  if (CELLS.length) chosen.draw(root);
  else root.append(h("p", {}, "There are no results to show."));
  if (focused) document.querySelector(`[data-place="${CSS.escape(focused)}"], [data-name="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
}

byId("theme").addEventListener("click", () => {
  const to = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = to;
  try { localStorage.setItem("gradmark-theme", to); } catch { /* a page from a file may have no storage */ }
  draw();
});
addEventListener("popstate", () => { readAddress(); draw(); });
addEventListener("hashchange", () => { readAddress(); draw(); });
drawHeader();
readAddress();
draw();
