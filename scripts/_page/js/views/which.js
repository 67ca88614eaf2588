// Which should I use? A map of the winners, and advice for a shape that is typed.

// The winner of a size by a metric, the next, and how far ahead it is.
function contest(cells, metric) {
  const valued = cells.filter((cell) => isTimed(cell) && known(cell[metric]) && isChosen(cell, state));
  valued.sort((a, b) => a[metric] - b[metric] || a.implementation.localeCompare(b.implementation));
  const [first, next] = valued;
  if (!first) return null;
  const lead = next && first[metric] > 0 ? next[metric] / first[metric] : null;
  return { first, next, lead };
}

// The lead in words; of times with what chance alone does here.
function leadText({ next, lead }, cells, metric) {
  if (!next || !known(lead)) return "";
  const over = `${ratio(lead, 2)} over ${next.implementation}`;
  if (metric !== "time") return over;
  if (lead - 1 <= tieBand([baselineOf(cells)])) return `a tie with ${next.implementation}`;
  return lead - 1 <= (chanceOf(baselineOf(cells)) || 0) ? `${over}, within chance` : over;
}

// The texts of a size: the winner, its gain or value, and its lead over the next.
function verdictOf(cells, metric) {
  const found = contest(cells, metric);
  if (!found) return null;
  const { first } = found;
  const format = MAP_METRICS.find(([key]) => key === metric)[2];
  const faster = metric === "time" ? speedUp(first, cells, state.base) : null;
  const gains = known(faster) && first.implementation !== state.base;
  return { first, faster, big: gains ? ratio(faster, 2) : format(first[metric]), behind: leadText(found, cells, metric) };
}

// How strong a cell's colour is: twice as fast as the other adds 7 %.
const shareOf = (faster) => `${Math.round(Math.min(50, 12 + 7 * Math.max(0, Math.log2(known(faster) ? faster : 2))))}%`;

function mapCell(cells, metric) {
  const found = verdictOf(cells, metric);
  if (!found) return h("td", { class: "empty" }, cells.length ? "none fits" : "not measured");
  const { first, faster, big, behind } = found;
  const open = state.cell === first.place;
  return h("td", { style: { "--colour": familyVariable(first.family), "--share": shareOf(faster) } },
    h("button", {
      type: "button", class: "winner", "aria-expanded": String(open), "data-place": first.place,
      "aria-label": `${first.place}: ${first.implementation}, ${seconds(first.time)}, ${big}, ${behind}`,
      onclick: () => go({ cell: open ? "" : first.place }, { step: true }),
    }, h("b", {}, first.implementation), h("span", { class: "big" }, big), h("small", {}, behind)));
}

function winnerMap() {
  const own = ofProblem(state);
  const drawn = own.filter((cell) => !cell.dataset);
  const samples = [...new Set(drawn.map((cell) => cell.n_samples))].sort((a, b) => a - b);
  const features = [...new Set(drawn.map((cell) => cell.n_features))].sort((a, b) => a - b);
  const sizes = bySize(drawn);
  const rows = samples.map((n) =>
    h("tr", {}, h("th", { scope: "row" }, whole(n)), features.map((d) => mapCell(sizes.get(sizeText(n, d)) || [], state.metric))));
  const head = h("tr", {}, h("th", {}, "samples \\ features"), features.map((d) => h("th", { scope: "col" }, whole(d))));
  const real = [...bySize(own.filter((cell) => cell.dataset)).entries()];
  return [
    drawn.length ? h("div", { class: "scroll" }, h("table", { class: "map" }, h("thead", {}, head), h("tbody", {}, rows))) : h("p", {}, "No drawn data were measured."),
    real.length ? [h("h3", {}, "Real data"), h("div", { class: "scroll" }, h("table", { class: "map" },
      h("thead", {}, h("tr", {}, real.map(([place]) => h("th", { scope: "col" }, place)))),
      h("tbody", {}, h("tr", {}, real.map(([, cells]) => mapCell(cells, state.metric))))))] : [],
  ];
}

// The map as a figure.
function mapSpec() {
  const drawn = ofProblem(state).filter((cell) => !cell.dataset);
  const values = [...bySize(drawn).values()].map((cells) => [cells[0], verdictOf(cells, state.metric)]).filter(([, found]) => found)
    .map(([{ n_samples, n_features }, { first, big, behind }]) => ({ n_samples, n_features, name: first.implementation, family: first.family, big, behind }));
  const line = (field, dy, fontSize, fontWeight = "normal") => ({ mark: { type: "text", dy, fontSize, fontWeight }, encoding: { text: { field } } });
  const axis = (title) => ({ title, labelAngle: 0, labelExpr: "format(datum.value, ',')", domain: false, ticks: false });
  const families = DATA.families.filter((family) => values.some((value) => value.family === family));
  return {
    title: `${state.problem}: least ${MAP_METRICS.find(([key]) => key === state.metric)[1]}, and its lead over the next`,
    data: { values }, width: { step: 150 }, height: { step: 66 },
    encoding: { x: { field: "n_features", type: "ordinal", axis: { ...axis("features"), orient: "top" } }, y: { field: "n_samples", type: "ordinal", axis: axis("samples") } },
    layer: [
      { mark: { type: "rect", opacity: 0.3, stroke: cssValue("--page"), strokeWidth: 3 }, encoding: { color: { field: "family", type: "nominal", scale: { domain: families, range: families.map(familyValue) }, legend: { title: null, orient: "bottom" } } } },
      line("name", -19, 12, "bold"), line("big", 0, 15), line("behind", 19, 10),
    ],
  };
}

let lastOpened = "";

view({
  id: "which", title: "Which should I use?", order: 10,
  draw(root) {
    const relative = state.metric === "time" ? `speed-up over ${state.base}, then its lead over the next` : "its value, then its lead over the next";
    root.append(
      h("h2", {}, "Which should I use?"),
      adviceForm(),
      h("div", { class: "row" },
        select("Least", MAP_METRICS.map(([key, label]) => [key, label]), state.metric, (metric) => go({ metric })),
        h("p", { class: "hint" }, `Each cell: the implementation with the least ${MAP_METRICS.find(([key]) => key === state.metric)[1]}, ${relative}. Press a cell for all contenders.`)),
      familyKey(ofProblem(state)),
      ...winnerMap().flat(),
      saveButtons((kind) => saveSpec("map", mapSpec, kind)),
    );
    if (!state.cell) return;
    root.append(openedCell(state.cell));
    if (state.cell !== lastOpened) byId("cell")?.scrollIntoView({ block: "nearest" });
    lastOpened = state.cell;
  },
});
