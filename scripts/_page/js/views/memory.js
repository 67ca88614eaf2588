// Workspace and peak of a call, memory over time, and error against time.

const MEMORY_NOTE = "Bars: bytes that one call allocates, its result included. Upright marks: " +
  "resident memory that a call adds to its process at its peak, above its inputs.";
const TRACED_NOTE = "Resident memory of a process that draws the data, prepares them and calls a gradient; " +
  "the calls are shaded.";

const MEMORY_TIPS = [
  ["name", "implementation"], ["text", "workspace"], ["peakText", "peak above inputs"],
];
const TRACED_TIPS = [
  ["name", "implementation"], ["at", "at"], ["memory", "memory"], ["call", "in the calls"],
];

function memoryBar({ implementation, workspace, peak }) {
  return {
    name: implementation, colour: colourValue(implementation), workspace, peak,
    end: Math.max(workspace, peak ?? 0), text: nBytes(workspace), peakText: nBytes(peak),
  };
}

function memorySpec(bars) {
  const most = mostOf(bars.map((bar) => bar.end)) || 1;
  const axis = { title: "bytes", labelExpr: LABELS.bytes, tickCount: 5 };
  const scale = { domain: [0, most * (isWide() ? 1.12 : 1.4)], nice: false };
  const [y, x] = [barNames(), (field) => ({ field, type: "quantitative", scale, axis })];
  const tooltip = tips(...MEMORY_TIPS);
  const [color, text] = [cssValue("--text"), { field: "text", type: "nominal" }];
  const bar = { x: x("workspace"), y, color: asIs("colour"), tooltip };
  const peaks = bars.filter((each) => known(each.peak));
  return {
    height: barsHeight(bars.length),
    layer: filled([
      layer(bars, { type: "bar", opacity: 0.75 }, bar),
      layer(peaks, { type: "tick", thickness: 3, size: 16, color }, { x: x("peak"), y, tooltip }),
      layer(bars, { type: "text", align: "left", dx: 5, fontSize: 11, color }, { x: x("end"), y, text }),
    ]),
  };
}

function memoryAtSize(cells, place) {
  const sized = cells.filter((cell) => known(cell.workspace)).sort((a, b) => a.workspace - b.workspace);
  if (!sized.length) return h("p", {}, "No workspace was measured on these data.");
  return chart("workspace", `Workspace of one gradient, ${place}`,
    () => sized.map(memoryBar), memorySpec, MEMORY_TIPS, MEMORY_NOTE);
}

// Memory over time: a chart for each size that was traced.
function tracedCharts() {
  const own = DATA.curves.filter((curve) => curve.problem === state.problem);
  if (!own.length) {
    const [record, show] = ["python -m scripts.trace", "python -m scripts.report"].map(code);
    return [h("p", {}, "Not recorded here: ", record, " records it, then ", show, " shows it.")];
  }
  const sizes = [...groupBy(own, (curve) => sizeText(curve.n_samples, curve.n_features))];
  return sizes.flatMap(([size, curves], i) => [
    nameKey(namesOf(curves)),
    chart(`memory-over-time-${i + 1}`, `Memory over time, ${size}`,
      () => curves.flatMap(tracedPoints), () => tracedSpec(curves), TRACED_TIPS, TRACED_NOTE),
  ]);
}

function tracedPoints(curve) {
  const look = lookOf(curve.implementation);
  const [start, end] = curve.call_seconds;
  return curve.seconds.map((x, i) => {
    const y = curve.mebibytes[i];
    const call = start <= x && x <= end ? "yes" : "no";
    return { ...look, x, y, memory: `${plain(y)} MiB`, at: seconds(x), call };
  });
}

const tracedCalls = ({ implementation, call_seconds: [x, end] }) => ({ ...lookOf(implementation), x, end });

function tracedSpec(curves) {
  const lines = curves.map(tracedPoints);
  const points = lines.flat();
  const calls = curves.map(tracedCalls);
  const ends = isWide() ? apartLinear(lines.map((line) => line.at(-1)), mostOf(points.map((p) => p.y))) : [];
  const axis = (field, title) => ({ field, type: "quantitative", axis: { title, tickCount: 7 } });
  const [x, y] = [axis("x", "seconds since the start"), axis("y", "resident memory in MiB")];
  const [color, text] = [asIs("colour"), { field: "name", type: "nominal" }];
  const tooltip = tips(...TRACED_TIPS);
  const line = { x, y, detail: asIs("name"), color, strokeDash: asIs("dash") };
  return {
    padding: { left: 5, top: 5, bottom: 5, right: ends.length ? 130 : 12 },
    layer: filled([
      layer(calls, { type: "rect", opacity: 0.2 / curves.length }, { x, x2: { field: "end" }, color }),
      layer(points, { type: "line", strokeWidth: 2 }, line),
      layer(points, { type: "point", size: 60, opacity: 0 }, { x, y, tooltip }),
      layer(ends, { type: "text", align: "left", dx: 8, limit: 115 }, { x, y, text, color }),
    ]),
  };
}

function apartLinear(labels, most) {
  const step = (most * LINE) / HEIGHT;
  const sorted = labels.map((label) => ({ ...label })).sort((a, b) => a.y - b.y);
  for (let i = 1; i < sorted.length; i++) sorted[i].y = Math.max(sorted[i].y, sorted[i - 1].y + step);
  return sorted;
}

view({
  id: "memory", title: "Memory and accuracy", order: 40,
  draw(root) {
    const cells = ofProblem(state);
    const place = chosenPlace(cells);
    const here = cells.filter((cell) => cell.place === place && isTimed(cell));
    const timed = here.filter((cell) => state.libraries || !isLibrary(cell));
    root.append(
      h("h2", {}, "Memory and accuracy"),
      hint("What one gradient costs in memory, and how exact it is, on one set of data."),
      h("div", { class: "row" }, placeSelect(cells)),
      h("h3", {}, "Memory of a call"), memoryAtSize(chosenCells(timed), place),
      h("h3", {}, "Error against time"), errorChart(timed, place),
      h("h3", {}, "Memory over time"), ...tracedCharts());
  },
});
