// What threads gain: the time with few over the time with more, and the processors that are busy.

const SLOWER = 1.05; // where a time has no interval
const countOf = (threads) => (threads === "all" ? DATA.facts.n_threads : Number(threads));

function settings() {
  const own = [...new Set(CELLS.filter((cell) => cell.problem === state.problem).map((cell) => cell.threads))];
  return own.sort((a, b) => countOf(a) - countOf(b) || a.localeCompare(b));
}

// An implementation on one set of data: its cells by setting.
function threadGroups(place = null) {
  const found = new Map();
  for (const cell of CELLS) {
    if (cell.problem !== state.problem || !isTimed(cell) || !isChosen(cell, state)) continue;
    if (place !== null && cell.place !== place) continue;
    const key = JSON.stringify([cell.implementation, cell.place]);
    if (!found.has(key)) found.set(key, { name: cell.implementation, place: cell.place, by: {} });
    found.get(key).by[cell.threads] = cell;
  }
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}

function scalingPoints(groups, [first, ...more]) {
  const points = groups.flatMap(({ name, by }) => more.filter((to) => by[first] && by[to]).map((to) => ({
    ...lookOf(name), one: 1, value: by[first].time / by[to].time, to: threadsText(to), text: ratio(by[first].time / by[to].time),
    before: seconds(by[first].time), after: seconds(by[to].time), busy: known(by[to].processors) ? plain(by[to].processors) : NONE,
  })));
  return points.sort((a, b) => b.value - a.value);
}

const threadsText = (threads) => (threads === "all" ? `all ${DATA.facts.n_threads} threads` : `${threads} thread${threads === "1" ? "" : "s"}`);

function scalingSpec(points, all) {
  const most = Math.max(mostOf(points.map((point) => point.value)), 1);
  const x = { field: "value", type: "quantitative", scale: { domain: [0, most * (isWide() ? 1.12 : 1.3)], nice: false }, axis: { title: `times as fast as with ${threadsText(all[0])}`, tickCount: 7, labelExpr: LABELS.ratio } };
  const y = { field: "name", type: "nominal", sort: null, axis: { title: null, labelLimit: isWide() ? 220 : 110, ticks: false, domain: false } };
  const tooltip = tips(["name", "implementation"], ["to", "threads"], ["before", "time before"], ["after", "time with them"], ["text", "times as fast"], ["busy", "CPU / wall"]);
  const steps = [...new Set(points.map((point) => point.to))];
  return {
    height: barsHeight(new Set(points.map((point) => point.name)).size),
    layer: filled([
      { data: { values: [{ value: 1 }] }, mark: { type: "rule", color: cssValue("--text") }, encoding: { x } },
      { data: { values: points }, mark: { type: "rule", strokeWidth: 1, opacity: 0.5 }, encoding: { x: { ...x, field: "one" }, x2: { field: "value" }, y, color: asIs("colour") } },
      { data: { values: points }, mark: { type: "point", filled: true, size: 80, opacity: 1 }, encoding: { x, y, color: asIs("colour"), tooltip, ...(steps.length > 1 ? { shape: { field: "to", type: "nominal", title: "threads", sort: null } } : {}) } },
      { data: { values: points }, mark: { type: "text", align: "left", dx: 9, fontSize: 11, color: cssValue("--text") }, encoding: { x, y, text: { field: "text", type: "nominal" } } },
    ]),
  };
}

// Slower with more threads, and by more than the intervals allow for.
function isSlower(few, many) {
  if (!few || !many) return false;
  if (known(few.time_high) && known(many.time_low)) return many.time_low > few.time_high;
  return many.time > SLOWER * few.time;
}

function slowerWith(groups, [first, ...more]) {
  const found = new Map();
  for (const { name, place, by } of groups)
    for (const to of more.filter((each) => isSlower(by[first], by[each])))
      found.set(name, [...(found.get(name) || []), `${place} (${ratio(by[to].time / by[first].time, 2)} the time${more.length > 1 ? ` with ${threadsText(to)}` : ""})`]);
  return [...found];
}

function slowerWarning(all) {
  const slower = slowerWith(threadGroups(), all);
  if (!slower.length) return h("p", {}, "No implementation is slower with more threads, beyond its intervals.");
  return h("div", { class: "advice" },
    h("b", { class: "flag" }, "Slower with more threads"),
    h("ul", { class: "reasons" }, slower.map(([name, places]) => h("li", {}, nameTag(name), ": ", listOf(places, 4)))));
}

function busyTable(groups, all) {
  const heads = ["implementation", ...all.flatMap((to) => [`time, ${threadsText(to)}`, `CPU / wall, ${threadsText(to)}`])];
  const of = (cell) => (cell ? [seconds(cell.time), known(cell.processors) ? plain(cell.processors) : NONE] : [NONE, NONE]);
  return tableOf(heads, groups.map(({ name, by }) => [nameTag(name), ...all.flatMap((to) => of(by[to]))]));
}

function measureOthers([only]) {
  const other = countOf(only) === 1 ? "all" : "1";
  return h("p", {}, `Measured with ${threadsText(only)} alone. To see what threads gain, measure with another number: `, h("code", {}, `python -m scripts.run --threads ${other}`), ", then ", h("code", {}, "python -m scripts.report"), ".");
}

view({
  id: "threads", title: "Threads", order: 50,
  draw(root) {
    const [own, all] = [ofProblem(state), settings()];
    const place = chosenPlace(own);
    const groups = threadGroups(place);
    const points = scalingPoints(groups, all);
    root.append(h("h2", {}, "What threads gain"), h("p", { class: "hint" }, "Each implementation with one number of threads and with another, in times as fast, and how many processors it keeps busy."));
    root.append(all.length > 1 ? slowerWarning(all) : measureOthers(all), h("div", { class: "row" }, placeSelect(own)));
    if (points.length) root.append(chart("threads", `${state.problem}, ${place}: time with ${threadsText(all[0])} over time with more`, () => scalingSpec(points, all), "Right of the line: more threads are faster. Settings were measured one after the other, not in the same rounds."));
    root.append(h("h3", {}, `Processors that are busy, ${place}`), groups.length ? busyTable(groups, all) : h("p", {}, "Nothing of the chosen precision has a time here."));
  },
});
