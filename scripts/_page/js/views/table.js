// All values of a problem: filtered, sorted, and as CSV.

const MOST_ROWS = 200;
const TABLE_COLUMNS = [
  ["implementation", "implementation", "File that holds it", (c) => c.implementation, (c) => nameTag(c.implementation)],
  ["data", "place", "Samples x features, or the name of real data", (c) => (c.dataset ? c.dataset : elementsOf(c)), (c) => c.place],
  ["family", "family", "What kind of implementation it is", (c) => c.family, (c) => c.family],
  ["state", "state", "ok, or why it has no time", (c) => c.state, (c) => c.state],
  ...CONTENDER_COLUMNS,
  ["what limits it", "limit", "The verdict from time, roof and passes over X, or why there is no time", (c) => c.limit || c.reason, (c) => h("span", { class: "words" }, isTimed(c) ? verdictText(c) : c.reason)],
];

function compare(a, b) {
  const [without, other] = [a, b].map((value) => value === null || value === undefined || value === "");
  if (without || other) return null;
  if (typeof a === typeof b) return typeof a === "number" ? a - b : a.localeCompare(b);
  return typeof a === "number" ? -1 : 1;
}

// By the chosen column; what has no value comes last, either way.
function sorted(cells) {
  const key = state.sort.replace(/^-/, "");
  const column = TABLE_COLUMNS.find(([, name]) => name === key);
  if (!column) return cells;
  const valueOf = column[3];
  const sign = state.sort.startsWith("-") ? -1 : 1;
  const isEmpty = (cell) => !valueOf(cell) && valueOf(cell) !== 0;
  return [...cells].sort((a, b) => isEmpty(a) - isEmpty(b) || sign * (compare(valueOf(a), valueOf(b)) ?? 0));
}

function filtered(cells) {
  const wanted = state.filter.toLowerCase();
  return wanted ? cells.filter((cell) => `${cell.implementation} ${cell.place} ${cell.family} ${cell.state} ${cell.limit} ${cell.reason}`.toLowerCase().includes(wanted)) : cells;
}

function headOf([label, key, meaning]) {
  const order = state.sort === key ? "ascending" : state.sort === `-${key}` ? "descending" : "none";
  const arrow = { ascending: " ↑", descending: " ↓", none: "" }[order];
  return h("th", { scope: "col", "aria-sort": order },
    h("button", { type: "button", class: "head", title: meaning, "data-name": `sort ${key}`, onclick: () => go({ sort: order === "ascending" ? `-${key}` : key }) }, label + arrow));
}

const rowOf = (cell) => h("tr", {}, TABLE_COLUMNS.map(([, key, , , show], i) => h(i ? "td" : "th", i ? { class: "number", "data-key": key } : { scope: "row" }, show(cell))));

function fillTable(box, cells, all = false) {
  const found = sorted(filtered(cells));
  const rows = all ? found : found.slice(0, MOST_ROWS);
  const left = found.length - rows.length;
  box.replaceChildren(
    h("p", { class: "hint", role: "status" }, `${whole(found.length)} of ${whole(cells.length)} rows${left ? `, of which ${whole(rows.length)} are drawn` : ""}. `),
    h("p", {}, left ? h("button", { type: "button", onclick: () => fillTable(box, cells, true) }, `show all ${whole(found.length)}`) : "", " ",
      h("button", { type: "button", onclick: () => download(`${state.problem}.csv`, csvOf(found), "text/csv") }, "download CSV")),
    h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All values" }, h("table", { class: "values" }, h("thead", {}, h("tr", {}, TABLE_COLUMNS.map(headOf))), h("tbody", {}, rows.map(rowOf)))));
}

function csvOf(cells) {
  const names = Object.keys(DATA.cells);
  return toCsv(names, cells.map((cell) => names.map((name) => cell[name])));
}

// Typing redraws the table alone, so that the field keeps its caret; the address follows in a moment.
function filterBox(box, cells) {
  let waiting = 0;
  const apply = () => {
    if (!box.isConnected) return;
    history.replaceState(null, "", address());
    fillTable(box, cells);
  };
  const oninput = (event) => {
    state.filter = event.target.value;
    clearTimeout(waiting);
    waiting = setTimeout(apply, 150);
  };
  return h("label", {}, "Filter", h("input", { type: "search", value: state.filter, placeholder: "name, size, family, state", class: "wide", "data-name": "filter", oninput }));
}

view({
  id: "table", title: "All values", order: 80,
  draw(root) {
    const cells = ofProblem(state);
    for (const own of bySize(cells).values()) for (const cell of own) cell.faster = isTimed(cell) ? speedUp(cell, own, state.base) : null;
    const box = h("div", {});
    root.append(
      h("h2", {}, "All values"),
      h("p", { class: "hint" }, "Every implementation on every set of data of the problem; press a head to sort by it, again to turn the order."),
      h("div", { class: "row" }, filterBox(box, cells)), box);
    fillTable(box, cells);
  },
});
