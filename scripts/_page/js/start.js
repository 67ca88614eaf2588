// Draw what the address asks for; again when it changes.

function drawHeader() {
  const { cpu, n_threads, commit, date } = DATA.facts;
  const name = machine ? `${machine}: ` : "";
  byId("machine").textContent = `${name}${cpu}, ${plural(n_threads, "thread")} · ${commit} · ${date}`;
  byId("footer").textContent = DATA.facts.footer;
}

const MOST_REFUSED = 3;
const MOST_SIGNS = 60;

// What a link, or a choice made for other data, asks for in vain.
function drawRefused() {
  const short = (text) => (text.length > MOST_SIGNS ? `${text.slice(0, MOST_SIGNS)}…` : text);
  const items = refused.slice(0, MOST_REFUSED).map((pair) => pair.map(short).join(" = "));
  const more = refused.length > MOST_REFUSED ? ` and ${refused.length - MOST_REFUSED} more` : "";
  const text = `Not in these results: ${items.join(", ")}${more}. ` +
    "It is left out, and the address no longer asks for it.";
  byId("notice").replaceChildren(...(refused.length ? [h("p", { class: "flag" }, text)] : []));
}

function draw() {
  const { place, name } = document.activeElement?.dataset ?? {};
  dropCharts();
  drawHeader();
  drawViews();
  drawControls();
  drawRefused();
  const chosen = VIEWS.find((each) => each.id === state.view) || VIEWS[0];
  const root = h("div", { class: `view view-${chosen.id}` });
  byId("main").replaceChildren(root);
  if (CELLS.length) chosen.draw(root);
  else root.append(h("p", {}, "There are no results to show."));
  focusAgain(place || name);
}

function focusAgain(focused) {
  if (!focused) return;
  const text = CSS.escape(focused);
  const found = document.querySelector(`[data-place="${text}"], [data-name="${text}"]`);
  found?.focus({ preventScroll: true });
}

byId("theme").addEventListener("click", () => {
  const to = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = to;
  try { localStorage.setItem("gradmark-theme", to); } catch { /* a page from a file may have no storage */ }
  draw();
});
// Of a typed address and of a step back alike.
addEventListener("hashchange", () => {
  readAddress();
  draw();
});
readAddress();
draw();
