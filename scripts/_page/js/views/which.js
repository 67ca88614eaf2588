// Which should I use? A map of the winners, and advice for a shape that is typed.

function mapCell(cells) {
  const found = verdictOf(cells, state.metric);
  if (!found) return h("td", { class: "empty" }, cells.length ? "none fits" : "not measured");
  const { first, faster, big, behind } = found;
  const isOpen = state.cell === first.place;
  const attributes = {
    type: "button", class: "winner", "aria-expanded": String(isOpen), "data-place": first.place,
    "aria-label": [`${first.place}: ${first.implementation}`, seconds(first.time), big, behind].join(", "),
    onclick: () => go({ cell: isOpen ? "" : first.place }, { step: true }),
  };
  const style = { "--colour": familyVariable(first.family), "--share": shareOf(faster) };
  return h("td", { style }, h("button", attributes,
    h("b", {}, first.implementation), h("span", { class: "big" }, big), h("small", {}, behind)));
}

function mapTable(heads, rows) {
  return h("div", { class: "scroll" }, h("table", { class: "map" }, headRow(heads), h("tbody", {}, rows)));
}

function winnerMap(drawn) {
  if (!drawn.length) return h("p", {}, "No drawn data were measured.");
  const numbers = (key) => unique(drawn.map((cell) => cell[key])).sort((a, b) => a - b);
  const [samples, features] = [numbers("n_samples"), numbers("n_features")];
  const sizes = bySize(drawn);
  const cellOf = (n, d) => mapCell(sizes.get(sizeText(n, d)) || []);
  const row = (n) => h("tr", {}, h("th", { scope: "row" }, whole(n)), features.map((d) => cellOf(n, d)));
  return mapTable(["samples \\ features", ...features.map(whole)], samples.map(row));
}

function realMap(real) {
  if (!real.length) return "";
  const sizes = bySize(real);
  const row = h("tr", {}, [...sizes.values()].map(mapCell));
  return [h("h3", {}, "Real data, and X in a file"), mapTable([...sizes.keys()], [row])];
}

function mapValues() {
  const sizes = [...bySize(ofProblem(state).filter((cell) => !cell.dataset)).values()];
  const found = sizes.map((cells) => verdictOf(cells, state.metric)).filter(Boolean);
  return found.map(({ first: { n_samples, n_features, implementation: name, family }, big, behind }) =>
    ({ n_samples, n_features, name, family, big, behind: behind.split(", ") }));
}

// The map as a figure.
function mapSpec() {
  const values = mapValues();
  const text = (field, dy, fontSize, fontWeight = "normal") => ({
    mark: { type: "text", dy, fontSize, fontWeight, limit: 146, lineHeight: 12 },
    encoding: { text: { field } },
  });
  const stroke = cssValue("--page");
  const axis = (title) => ({
    title, labelAngle: 0, labelExpr: "format(datum.value, ',')", domain: false, ticks: false,
  });
  const domain = DATA.families.filter((family) => values.some((value) => value.family === family));
  const scale = { domain, range: domain.map(familyValue) };
  const color = { field: "family", type: "nominal", scale, legend: { title: null, orient: "bottom" } };
  return {
    data: { values }, width: { step: 150 }, height: { step: 76 },
    encoding: {
      x: { field: "n_features", type: "ordinal", axis: { ...axis("features"), orient: "top" } },
      y: { field: "n_samples", type: "ordinal", axis: axis("samples") },
    },
    layer: [
      { mark: { type: "rect", opacity: 0.3, stroke, strokeWidth: 3 }, encoding: { color } },
      text("name", -22, 12, "bold"), text("big", -3, 15), text("behind", 15, 10),
    ],
  };
}

const mapTitle = () => `${state.problem}: least ${metricOf(state.metric)[1]}, and its lead over the next`;

function mapHint() {
  const over = `speed-up over ${state.base}, then its lead over the next. Of those that tie, the one that ` +
    "needs no further library, then the one that allocates least";
  const rest = state.metric === "time" ? over : "its value, then its lead over the next";
  const least = `the implementation with the least ${metricOf(state.metric)[1]}`;
  return hint(`Each cell: ${least}, ${rest}. Press a cell for all contenders.`);
}

let lastOpened = "";

function openCell(root) {
  if (!state.cell) return;
  root.append(openedCell(state.cell));
  if (state.cell !== lastOpened) byId("cell")?.scrollIntoView({ block: "nearest" });
  lastOpened = state.cell;
}

view({
  id: "which", title: "Which should I use?", order: 10,
  draw(root) {
    const own = ofProblem(state);
    const metrics = MAP_METRICS.map(([key, label]) => [key, label]);
    root.append(
      h("h2", {}, "Which should I use?"), adviceForm(),
      h("div", { class: "row" },
        select("Least", metrics, state.metric, (metric) => go({ metric })), mapHint()),
      familyKey(own.filter(isTimed)),
      winnerMap(own.filter((cell) => !cell.dataset)),
      ...[realMap(own.filter((cell) => cell.dataset))].flat(),
      saveButtons((kind) => saveSpec("map", titled(mapTitle(), mapSpec), kind)));
    openCell(root);
  },
});
