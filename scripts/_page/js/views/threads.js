// What threads gain: the time with few over the time with more, and the processors that are busy.

const SLOWER = 1.05; // two runs of one setting differ by less
const THREADS_HINT = "Each implementation with one number of threads and with another, in times as fast, " +
  "and how many processors it keeps busy.";
const THREADS_NOTE = "Right of the line: more threads are faster. " +
  "Settings were measured one after the other, not in the same rounds.";
const THREADS_TIPS = [
  ["name", "implementation"], ["to", "threads"], ["before", "time before"], ["after", "time with them"],
  ["text", "times as fast"], ["busy", "CPU / wall"],
];

function threadsText(threads) {
  return `${threads === "all" ? "all " : ""}${plural(countOf(threads), "thread")}`;
}

function settings() {
  const own = unique(CELLS.filter((cell) => cell.problem === state.problem).map((cell) => cell.threads));
  return own.sort((a, b) => countOf(a) - countOf(b) || byName(a, b));
}

// An implementation on one set of data: its cells by setting.
function threadGroups(place = null) {
  const isWanted = (cell) => cell.problem === state.problem && (place === null || cell.place === place);
  const cells = CELLS.filter((cell) => isWanted(cell) && isTimed(cell) && isChosen(cell, state));
  const found = groupBy(cells, (cell) => JSON.stringify([cell.implementation, cell.place]));
  const groups = [...found.values()].map((own) => ({
    name: own[0].implementation, place: own[0].place,
    by: Object.fromEntries(own.map((cell) => [cell.threads, cell])),
  }));
  return groups.sort((a, b) => byName(a.name, b.name));
}

function scalingPoint(name, few, many) {
  const value = few.time / many.time;
  return {
    ...lookOf(name), one: 1, value, to: threadsText(many.threads), text: ratio(value),
    before: seconds(few.time), after: seconds(many.time), busy: processorsText(many.processors),
  };
}

function scalingPoints(groups, [first, ...more]) {
  const points = groups.filter(({ by }) => by[first]).flatMap(({ name, by }) =>
    more.filter((to) => by[to]).map((to) => scalingPoint(name, by[first], by[to])));
  return points.sort((a, b) => b.value - a.value);
}

function scalingSpec(points, all) {
  const most = Math.max(mostOf(points.map((point) => point.value)), 1);
  const scale = { domain: [0, most * (isWide() ? 1.12 : 1.3)], nice: false };
  const title = `times as fast as with ${threadsText(all[0])}`;
  const axis = { title, tickCount: 7, labelExpr: LABELS.ratio };
  const [x, y] = [{ field: "value", type: "quantitative", scale, axis }, barNames()];
  const [color, dark] = [asIs("colour"), cssValue("--text")];
  const beam = { x: { ...x, field: "one" }, x2: { field: "value" }, y, color };
  const isManifold = new Set(points.map((point) => point.to)).size > 1;
  const shape = isManifold ? { shape: { field: "to", type: "nominal", title: "threads", sort: null } } : {};
  const dots = { x, y, color, tooltip: tips(...THREADS_TIPS), ...shape };
  const text = { field: "text", type: "nominal" };
  return {
    height: barsHeight(new Set(points.map((point) => point.name)).size),
    layer: filled([
      layer([{ value: 1 }], { type: "rule", color: dark }, { x }),
      layer(points, { type: "rule", strokeWidth: 1, opacity: 0.5 }, beam),
      layer(points, { type: "point", filled: true, size: 80, opacity: 1 }, dots),
      layer(points, { type: "text", align: "left", dx: 9, fontSize: 11, color: dark }, { x, y, text }),
    ]),
  };
}

// Slower with more threads, by more than the intervals allow for and by more than two runs differ.
function isSlower(few, many) {
  if (!few || !many || !(many.time > SLOWER * few.time)) return false;
  return !known(few.time_high) || !known(many.time_low) || many.time_low > few.time_high;
}

// Where an implementation is slower with more threads, by its name.
function slowerWith(groups, [first, ...more]) {
  const found = groups.flatMap(({ name, place, by }) => {
    const slower = more.filter((to) => isSlower(by[first], by[to]));
    const withText = (to) => (more.length > 1 ? ` with ${threadsText(to)}` : "");
    const times = (to) => ratio(by[to].time / by[first].time, 2);
    return slower.map((to) => ({ name, text: `${place} (${times(to)} the time${withText(to)})` }));
  });
  return [...groupBy(found, ({ name }) => name)].map(([name, own]) => [name, own.map(({ text }) => text)]);
}

function slowerWarning(all) {
  const slower = slowerWith(threadGroups(), all);
  if (!slower.length)
    return h("p", {}, "No implementation is slower with more threads, beyond its intervals.");
  const item = ([name, places]) => h("li", {}, nameTag(name), ": ", listOf(places, 4));
  return h("div", { class: "advice" },
    h("b", { class: "flag" }, "Slower with more threads"), h("ul", { class: "reasons" }, slower.map(item)));
}

function busyTable(groups, all) {
  const heads = all.map(threadsText).flatMap((text) => [`time, ${text}`, `CPU / wall, ${text}`]);
  const texts = (cell) => (cell ? [seconds(cell.time), busyText(cell)] : [NONE, NONE]);
  const row = ({ name, by }) => [nameTag(name), ...all.flatMap((to) => texts(by[to]))];
  return tableOf(["implementation", ...heads], groups.map(row));
}

function measureOthers([only]) {
  const other = countOf(only) === 1 ? "all" : "1";
  return h("p", {},
    `Measured with ${threadsText(only)} alone. To see what threads gain, measure with another number: `,
    code(`python -m scripts.run --threads ${other}`), ", then ", code("python -m scripts.report"), ".");
}

view({
  id: "threads", title: "Threads", order: 50,
  draw(root) {
    const [own, all] = [ofProblem(state), settings()];
    const place = chosenPlace(own);
    const groups = threadGroups(place);
    const points = () => scalingPoints(groups, all);
    const title = `${state.problem}, ${place}: time with ${threadsText(all[0])} over time with more`;
    root.append(
      h("h2", {}, "What threads gain"), hint(THREADS_HINT),
      all.length > 1 ? slowerWarning(all) : measureOthers(all),
      h("div", { class: "row" }, placeSelect(own)),
      points().length
        ? chart("threads", title, points, (points) => scalingSpec(points, all), THREADS_TIPS, THREADS_NOTE)
        : "",
      h("h3", {}, `Processors that are busy, ${place}`),
      groups.length
        ? busyTable(groups, all)
        : h("p", {}, "Nothing of the chosen precision has a time here."));
  },
});
