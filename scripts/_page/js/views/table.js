// All values of a problem: filtered, sorted, and as CSV.

const MOST_ROWS = 200;
const WAIT = 150; // milliseconds without a key until the table follows
const limitText = (cell) => h("span", { class: "words" }, isTimed(cell) ? verdictText(cell) : cell.reason);
const TABLE_COLUMNS = [
  columnOf("implementation", "implementation", "File that holds it", (cell) => nameTag(cell.implementation)),
  columnOf("data", "place", "Samples x features, or the name of a data set", (cell) => cell.place,
    (cell) => cell.dataset || elementsOf(cell)),
  columnOf("family", "family", "What kind of implementation it is", (cell) => cell.family),
  columnOf("state", "state", "ok, or why it has no time", (cell) => cell.state),
  ...CONTENDER_COLUMNS,
  columnOf("what limits it", "limit",
    "The verdict from time, roof and passes over X, or why there is no time", limitText,
    (cell) => cell.limit || cell.reason),
];

// Numbers come before texts.
function compare(a, b) {
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return typeof a === "number" ? a - b : byName(a, b);
}

// By the chosen column; what has no value comes last, either way.
function sorted(cells) {
  const column = TABLE_COLUMNS.find(({ key }) => key === state.sort.replace(/^-/, ""));
  if (!column) return cells;
  const sign = state.sort.startsWith("-") ? -1 : 1;
  const [blank, valued] = [[], []];
  for (const cell of cells) (isBlank(column.valueOf(cell)) ? blank : valued).push(cell);
  return [...valued.sort((a, b) => sign * compare(column.valueOf(a), column.valueOf(b))), ...blank];
}

function filtered(cells) {
  const wanted = state.filter.toLowerCase();
  const texts = (cell) =>
    [cell.implementation, cell.place, cell.family, cell.state, cell.limit, cell.reason].join(" ");
  return wanted ? cells.filter((cell) => texts(cell).toLowerCase().includes(wanted)) : cells;
}

function headOf({ label, key, meaning }) {
  const order = { [key]: "ascending", [`-${key}`]: "descending" }[state.sort] ?? "none";
  const arrow = { ascending: " ↑", descending: " ↓", none: "" }[order];
  const onclick = () => go({ sort: order === "ascending" ? `-${key}` : key });
  const attributes = { type: "button", class: "head", title: meaning, "data-name": `sort ${key}`, onclick };
  return h("th", { scope: "col", "aria-sort": order }, h("button", attributes, label + arrow));
}

function rowOf(cell) {
  const [name, ...others] = TABLE_COLUMNS;
  return h("tr", {}, h("th", { scope: "row" }, name.show(cell)),
    others.map(({ key, show }) => h("td", { class: "number", "data-key": key }, show(cell))));
}

function valuesTable(rows) {
  const head = h("thead", {}, h("tr", {}, TABLE_COLUMNS.map(headOf)));
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "All values" },
    h("table", { class: "values" }, head, h("tbody", {}, rows.map(rowOf))));
}

function fillTable(box, cells, all = false) {
  const found = sorted(filtered(cells));
  const rows = all ? found : found.slice(0, MOST_ROWS);
  const counts = `${whole(found.length)} of ${whole(cells.length)}`;
  const isCut = rows.length < found.length;
  const drawn = isCut ? `, of which ${whole(rows.length)} are drawn` : "";
  const button = (text, onclick) => h("button", { type: "button", onclick }, text);
  box.replaceChildren(
    h("p", { class: "hint", role: "status" }, `${counts} rows${drawn}. `),
    h("p", {}, isCut ? button(`show all ${whole(found.length)}`, () => fillTable(box, cells, true)) : "", " ",
      csvButton(found)),
    valuesTable(rows));
}

function csvButton(cells) {
  const onclick = () => download(`${state.problem}.csv`, csvOf(cells), "text/csv");
  const title = "Only the rows below: of the chosen problem and threads, and of the filter. " +
    "results.csv beside this page holds every problem.";
  const threads = state.threads === "all" ? "all threads" : plural(Number(state.threads), "thread");
  return h("button", { type: "button", title, onclick }, `download CSV of ${state.problem}, ${threads}`);
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
    waiting = setTimeout(apply, WAIT);
  };
  const placeholder = "name, size, family, state";
  const attributes = { value: state.filter, placeholder, class: "wide", "data-name": "filter", oninput };
  return h("label", {}, "Filter", h("input", { type: "search", ...attributes }));
}

view({
  id: "table", title: "All values", order: 80, sorts: TABLE_COLUMNS.map(({ key }) => key),
  draw(root) {
    const cells = ofProblem(state);
    addFaster(cells);
    const box = h("div", {});
    root.append(
      h("h2", {}, "All values"),
      hint("Every implementation on every set of data of the problem; ",
        "press a head to sort by it, again to turn the order."),
      h("div", { class: "row" }, filterBox(box, cells)), box);
    fillTable(box, cells);
  },
});
