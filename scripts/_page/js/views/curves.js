// Time against one dimension of the data, the other fixed.

const OTHER = { n_features: "n_samples", n_samples: "n_features" };
const DIMENSIONS = { n_samples: "samples", n_features: "features" };

// The fixed values that were measured, and the one that is chosen, else that with the most sizes.
function fixedValues(cells) {
  const sizes = new Map();
  for (const cell of cells) sizes.set(cell[state.fixed], (sizes.get(cell[state.fixed]) || new Set()).add(cell[OTHER[state.fixed]]));
  const values = [...sizes.keys()].sort((a, b) => a - b);
  const best = values.reduce((a, b) => (sizes.get(b).size >= sizes.get(a).size ? b : a), values[0]);
  return { values, at: values.find((value) => String(value) === state.at) ?? best };
}

function curvePoint(cell, others, coloured) {
  const relative = state.relative === "1";
  const paired = state.base === BASELINE && cell.implementation !== BASELINE;
  const [y, low, high] = relative
    ? [speedUp(cell, others, state.base), paired ? cell.speed_up_low : null, paired ? cell.speed_up_high : null]
    : [cell.time, cell.time_low, cell.time_high];
  return {
    ...lookOf(cell.implementation, coloured), x: cell[OTHER[state.fixed]], y, low: low ?? y, high: high ?? y,
    fill: cell.flag ? cssValue("--page") : coloured ? colourValue(cell.implementation) : cssValue("--faint"),
    place: cell.place, time: seconds(cell.time), spread: interval(cell.time_low, cell.time_high, seconds) || NONE,
    faster: ratio(speedUp(cell, others, state.base)), flag: cell.flag || "none",
  };
}

function curvePoints(cells, coloured) {
  const sizes = bySize(cells);
  const points = cells.map((cell) => curvePoint(cell, sizes.get(cell.place), coloured.has(cell.implementation)));
  return points.filter((point) => known(point.y) && point.y > 0).sort((a, b) => a.x - b.x);
}

function curveSpec(points, coloured) {
  const [x, y] = curveAxes(points);
  const [front, back] = [points.filter((p) => coloured.has(p.name)), points.filter((p) => !coloured.has(p.name))];
  const tooltip = tips(["name", "implementation"], ["place", "size"], ["time", "time"], ["spread", "95 % interval"], ["faster", "times as fast as the base"], ["flag", "flag"]);
  const look = { detail: asIs("name"), color: asIs("colour"), strokeDash: asIs("dash") };
  const end = isWide() ? curveEnds(front, y.scale.domain) : [];
  return {
    padding: { left: 5, top: 5, bottom: 5, right: end.length ? 130 : 12 },
    layer: filled([
      { data: { values: back }, mark: { type: "line", strokeWidth: 1, opacity: 0.4 }, encoding: { x, y, ...look } },
      { data: { values: back }, mark: { type: "point", filled: true, size: 14, opacity: 0.5 }, encoding: { x, y, color: asIs("colour"), tooltip } },
      { data: { values: front }, mark: { type: "area", opacity: 0.18 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, detail: asIs("name"), color: asIs("colour") } },
      { data: { values: front }, mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, ...look } },
      { data: { values: front }, mark: { type: "point", size: 50, opacity: 1 }, encoding: { x, y, stroke: asIs("colour"), fill: asIs("fill"), shape: asIs("shape"), tooltip } },
      { data: { values: end }, mark: { type: "text", align: "left", dx: 10, limit: 115, fontSize: 12 }, encoding: { x, y, text: { field: "name", type: "nominal" }, color: asIs("colour") } },
    ]),
  };
}

function curveAxes(points) {
  const title = state.relative === "1" ? "times as fast as the base (higher is better)" : "time of one gradient (lower is better)";
  const label = state.relative === "1" ? "ratio" : "seconds";
  return [
    logAxis("x", DIMENSIONS[OTHER[state.fixed]], logDomain(points.map((p) => p.x)), "whole"),
    logAxis("y", title, logDomain(points.flatMap((p) => [p.low, p.y, p.high])), label),
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
  return h("div", { class: "row" },
    select("Time against", fixed, state.fixed, (key) => go({ fixed: key, at: "" })),
    select(`At ${DIMENSIONS[state.fixed]}`, values.map((value) => [value, whole(value)]), at, (value) => go({ at: value })),
    select("As", relative, state.relative, (key) => go({ relative: key })));
}

view({
  id: "curves", title: "Curves", order: 20,
  draw(root) {
    const own = chosenCells(ofProblem(state)).filter((cell) => !cell.dataset && isTimed(cell));
    root.append(h("h2", {}, "Time against size"), h("p", { class: "hint" }, "How the time of one gradient grows with one dimension of the data while the other stays the same."));
    if (!own.length) return root.append(h("p", {}, "Nothing of the chosen precision has a time on drawn data."));
    const { values, at } = fixedValues(own);
    const cells = own.filter((cell) => cell[state.fixed] === at);
    const coloured = colouredNames(cells);
    const names = [...new Set(cells.map((cell) => cell.implementation))].sort();
    const points = curvePoints(cells, coloured);
    root.append(curveChoices(values, at), nameChips(names, coloured));
    if (!points.length) return root.append(h("p", {}, `${state.base} has no time here to compare with.`));
    root.append(chart("curves", `${state.problem}: ${state.relative === "1" ? `speed-up over ${state.base}` : "time"} against ${DIMENSIONS[OTHER[state.fixed]]}, at ${whole(at)} ${DIMENSIONS[state.fixed]}`, () => curveSpec(points, coloured),
      "Both axes are logarithmic. Bands are 95 % intervals, hollow points are flagged. Press a name to colour it or make it grey, twice to see it alone in colour."));
  },
});
