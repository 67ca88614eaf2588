// A cell opened: all contenders on one set of data, and the command that measures it again.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;
const threadsOption = (threads) => (threads === "all" ? "" : ` --threads ${threads}`);

const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"); // in a regular expression

function commandOf({ problem, threads, dataset, n_samples, n_features }) {
  const where = quoted(dataset ? `'${literally(dataset)}'` : `, ${n_samples}, ${n_features}\\)`);
  return `python -m scripts.run --again --problem ${problem} --bench ${where}${threadsOption(threads)}`;
}

// Its history in asv's pages, which a browser shows only if they are served.
function historyLink(cell) {
  if (!DATA.history || !location.protocol.startsWith("http")) return "";
  const data = cell.dataset
    ? [["p-dataset", `'${cell.dataset}'`]]
    : [["p-n_samples", cell.n_samples], ["p-n_features", cell.n_features]];
  const chosen = [["p-implementation", `'${cell.implementation}'`], ...data];
  const query = chosen.map((pair) => pair.map(encodeURIComponent).join("=")).join("&");
  const page = `${cell.dataset ? "datasets" : "gradient"}.${cell.problem}.track_time`;
  return h("a", { class: "history", href: `${DATA.history}#${page}?${query}` }, "history");
}

function contenderRow(cell) {
  const usable = isChosen(cell, state);
  const why = usable ? "" : "outside the chosen precision or libraries";
  return h("tr", { class: usable ? "" : "outside", title: why },
    h("th", { scope: "row" }, nameTag(cell.implementation), " ", historyLink(cell)),
    CONTENDER_COLUMNS.map(({ show }) => h("td", { class: "number" }, show(cell))),
    h("td", { class: "verdict" }, verdictText(cell)));
}

function contendersTable(cells) {
  const terms = CONTENDER_COLUMNS.map(({ label, meaning }) => term(label, meaning));
  const timed = cells.filter(isTimed).sort((a, b) => a.time - b.time);
  return h("div", { class: "scroll" }, h("table", { class: "contenders" },
    headRow(["implementation", ...terms, "what limits it"]), h("tbody", {}, timed.map(contenderRow))));
}

function withoutTime(cells) {
  const others = cells.filter((cell) => !isTimed(cell));
  if (!others.length) return "";
  const item = (cell) => h("li", {}, nameTag(cell.implementation), ` ${cell.state}: ${cell.reason}`);
  return [h("h4", {}, "Without a time"), h("ul", { class: "reasons" }, others.map(item))];
}

// Pairs whose shown times and shown paired ratios put them in opposite orders.
function contradictions(cells) {
  const own = cells.filter((cell) => isTimed(cell) && known(cell.speed_up)).sort((a, b) => a.time - b.time);
  const differ = (a, b) => seconds(a.time) !== seconds(b.time) && ratio(a.speed_up) !== ratio(b.speed_up);
  return own.flatMap((a, i) =>
    own.slice(i + 1).filter((b) => b.speed_up > a.speed_up && differ(a, b)).map((b) => [a, b]));
}

function contradictionText(cells) {
  const pairs = state.base === BASELINE ? contradictions(cells) : [];
  if (!pairs.length) return "";
  const [[a, b], ...more] = pairs;
  const others = more.length ? ` (and so for ${plural(more.length, "other pair")})` : "";
  const times = [a, b].map(({ time }) => seconds(time));
  const ratios = [b, a].map((each) => ratio(each.speed_up));
  return h("p", { class: "contradiction" },
    nameTag(a.implementation), ` has the lower median time (${times.join(" against ")}), but `,
    nameTag(b.implementation), ` the higher ratio (${ratios.join(" against ")})${others}. `,
    "Trust the ratio, \"times as fast\": it compares samples of the same round, in which both met the same ",
    "machine, while the medians may come from different rounds.");
}

function roundsText({ rounds, generations }) {
  if (!known(rounds) || !known(generations)) return "";
  return `${plural(rounds, "round")} in ${plural(generations, "generation")} of processes. `;
}

function cellHint(cells) {
  const roof = cells.find((cell) => known(cell.read_roof) && cell.bytes_per_value === 8);
  const band = cells[0].chance_band;
  return hint(
    roof ? `A pure read of X takes ${gigabytes(roof.read_roof)}. ` : "",
    known(band) ? `Two equal implementations differ by up to ${percent(band)} here. ` : "",
    roundsText(cells.find(isTimed) ?? {}),
    "Pale rows are outside the chosen precision or libraries.");
}

function openedCell(place) {
  const cells = ofProblem(state).filter((cell) => cell.place === place);
  if (!cells.length)
    return h("section", { class: "cell" }, h("p", {}, `${place} was not measured for ${state.problem}.`));
  addFaster(cells);
  const command = commandOf(cells[0]);
  const label = `All contenders at ${place}`;
  const isFile = location.protocol === "file:";
  return h("section", { class: "cell", id: "cell", tabindex: "-1", "aria-label": label },
    h("h3", {}, `${state.problem}, ${place}`), cellHint(cells), contradictionText(cells),
    contendersTable(cells), withoutTime(cells),
    h("p", {}, "Measure it again: ", code(command), " ",
      quietButton("copy", () => navigator.clipboard?.writeText(command))),
    isFile ? hint("History over commits: ", code("asv preview"), ", then Report.") : "",
    h("p", {}, quietButton("close", () => go({ cell: "" }))));
}
