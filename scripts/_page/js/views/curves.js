// Time against one dimension of the data, the other fixed.

const OTHER = { n_features: "n_samples", n_samples: "n_features" };
const DIMENSIONS = { n_samples: "samples", n_features: "features" };
const CURVES_HINT =
  "How the time of one gradient grows with one dimension of the data while the other stays the same.";
const CURVES_NOTE = "Both axes are logarithmic. Bands are 95 % intervals, hollow points are flagged. " +
  "Press a name to colour it or make it grey, twice to see it alone in colour.";
const CURVES_TIPS = [
  ["name", "implementation"], ["place", "size"], ["time", "time"], ["spread", "95 % interval"],
  ["faster", "times as fast as the base"], ["flag", "flag"],
];
const isRelative = () => state.relative === "1";

// The fixed values that were measured, and the one that is chosen, else that with the most sizes.
function fixedValues(cells) {
  const found = groupBy(cells, (cell) => cell[state.fixed]);
  const count = (value) => new Set(found.get(value).map((cell) => cell[OTHER[state.fixed]])).size;
  const values = [...found.keys()].sort((a, b) => a - b);
  const best = values.reduce((a, b) => (count(b) >= count(a) ? b : a), values[0]);
  return { values, at: values.find((value) => String(value) === state.at) ?? best };
}

// The value of a point, and the ends of its interval.
function heights(cell, faster) {
  if (!isRelative()) return [cell.time, cell.time_low, cell.time_high];
  const isPaired = state.base === BASELINE && cell.implementation !== BASELINE;
  return isPaired ? [faster, cell.speed_up_low, cell.speed_up_high] : [faster, null, null];
}

function curvePoint(cell, others, isColoured) {
  const faster = speedUp(cell, others, state.base);
  const [y, low, high] = heights(cell, faster);
  const look = lookOf(cell.implementation, isColoured);
  return {
    ...look, x: cell[OTHER[state.fixed]], y, low: low ?? y, high: high ?? y,
    fill: cell.flag ? cssValue("--page") : look.colour, place: cell.place, time: seconds(cell.time),
    spread: interval(cell.time_low, cell.time_high, seconds) || NONE, faster: ratio(faster),
    flag: cell.flag || "none",
  };
}

function curvePoints(cells, coloured) {
  const sizes = bySize(cells);
  const pointOf = (cell) => curvePoint(cell, sizes.get(cell.place), coloured.has(cell.implementation));
  return cells.map(pointOf).filter(({ y }) => known(y) && y > 0).sort((a, b) => a.x - b.x);
}

function curveSpec(points, coloured) {
  const [x, y] = curveAxes(points);
  const front = points.filter((p) => coloured.has(p.name));
  const back = points.filter((p) => !coloured.has(p.name));
  const [colour, detail, text] = [asIs("colour"), asIs("name"), { field: "name", type: "nominal" }];
  const tooltip = tips(...CURVES_TIPS);
  const line = { x, y, detail, color: colour, strokeDash: asIs("dash") };
  const band = { x, y: { ...y, field: "low" }, y2: { field: "high" }, detail, color: colour };
  const dots = { x, y, stroke: colour, fill: asIs("fill"), shape: asIs("shape"), tooltip };
  const ends = { type: "text", align: "left", dx: 10, limit: 115, fontSize: 12 };
  const end = isWide() ? curveEnds(front, y.scale.domain) : [];
  return {
    padding: { left: 5, top: 5, bottom: 5, right: end.length ? 130 : 12 },
    layer: filled([
      layer(back, { type: "line", strokeWidth: 1, opacity: 0.4 }, line),
      layer(back, { type: "point", filled: true, size: 14, opacity: 0.5 }, { x, y, color: colour, tooltip }),
      layer(front, { type: "area", opacity: 0.18 }, band),
      layer(front, { type: "line", strokeWidth: 2 }, line),
      layer(front, { type: "point", size: 50, opacity: 1 }, dots),
      layer(end, ends, { x, y, text, color: colour }),
    ]),
  };
}

function curveAxes(points) {
  const title = isRelative()
    ? "times as fast as the base (higher is better)"
    : "time of one gradient (lower is better)";
  const ends = points.flatMap((p) => [p.low, p.y, p.high]);
  return [
    logAxis("x", DIMENSIONS[OTHER[state.fixed]], logDomain(points.map((p) => p.x)), "whole"),
    logAxis("y", title, logDomain(ends), isRelative() ? "ratio" : "seconds"),
  ];
}

// Labels stand where most lines end, beside those that end there.
function curveEnds(points, domain) {
  const last = mostOf(points.map((point) => point.x));
  return apart(points.filter((point) => point.x === last), domain);
}

function curveChoices(values, at) {
  const fixed = Object.entries(OTHER).map(([key, other]) => [key, DIMENSIONS[other]]);
  const relative = [["", "seconds"], ["1", `relative to ${state.base}`]];
  const sizes = values.map((value) => [value, whole(value)]);
  return h("div", { class: "row" },
    select("Time against", fixed, state.fixed, (key) => go({ fixed: key, at: "" })),
    select(`At ${DIMENSIONS[state.fixed]}`, sizes, at, (value) => go({ at: value })),
    select("As", relative, state.relative, (key) => go({ relative: key })));
}

function curvesTitle(at) {
  const what = isRelative() ? `speed-up over ${state.base}` : "time";
  const where = `at ${whole(at)} ${DIMENSIONS[state.fixed]}`;
  return `${state.problem}: ${what} against ${DIMENSIONS[OTHER[state.fixed]]}, ${where}`;
}

view({
  id: "curves", title: "Curves", order: 20,
  draw(root) {
    const own = chosenCells(ofProblem(state)).filter((cell) => !cell.dataset && isTimed(cell));
    root.append(h("h2", {}, "Time against size"), hint(CURVES_HINT));
    if (!own.length)
      return root.append(h("p", {}, "Nothing of the chosen precision has a time on drawn data."));
    const { values, at } = fixedValues(own);
    const cells = own.filter((cell) => cell[state.fixed] === at);
    const coloured = colouredNames(cells);
    root.append(curveChoices(values, at), nameChips(namesOf(cells), coloured));
    if (!curvePoints(cells, coloured).length)
      return root.append(h("p", {}, `${state.base} has no time here to compare with.`));
    root.append(chart("curves", curvesTitle(at), () => curvePoints(cells, coloured),
      (points) => curveSpec(points, coloured), CURVES_TIPS, CURVES_NOTE));
  },
});
