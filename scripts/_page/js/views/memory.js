// Workspace and peak of a call, memory over time, and error against time.

function memoryBars(cells) {
  const rows = cells.filter((cell) => known(cell.workspace)).sort((a, b) => a.workspace - b.workspace);
  return rows.map((cell) => ({
    name: cell.implementation, colour: colourValue(cell.implementation), workspace: cell.workspace, peak: cell.peak,
    text: nBytes(cell.workspace), peakText: nBytes(cell.peak), input: nBytes(cell.compulsory_bytes),
  }));
}

function memorySpec(bars) {
  const most = mostOf(bars.flatMap((bar) => [bar.workspace, bar.peak ?? 0])) || 1;
  const y = { field: "name", type: "nominal", sort: null, axis: { title: null, labelLimit: isWide() ? 220 : 110, ticks: false, domain: false } };
  const x = (field) => ({ field, type: "quantitative", scale: { domain: [0, most * (isWide() ? 1.12 : 1.4)], nice: false }, axis: { title: "bytes", labelExpr: LABELS.bytes, tickCount: 5 } });
  const tooltip = tips(["name", "implementation"], ["text", "workspace"], ["peakText", "peak above the inputs"]);
  return {
    height: barsHeight(bars.length),
    data: { values: bars },
    layer: filled([
      { mark: { type: "bar", opacity: 0.75 }, encoding: { x: x("workspace"), y, color: asIs("colour"), tooltip } },
      { transform: [{ filter: "isValid(datum.peak)" }], mark: { type: "tick", thickness: 3, size: 16, color: cssValue("--text") }, encoding: { x: x("peak"), y, tooltip } },
      { mark: { type: "text", align: "left", dx: 5, fontSize: 11, color: cssValue("--text") }, encoding: { x: x("end"), y, text: { field: "text", type: "nominal" } } },
    ]),
  };
}

function memoryAtSize(cells) {
  const bars = memoryBars(cells).map((bar) => ({ ...bar, end: Math.max(bar.workspace, bar.peak ?? 0) }));
  if (!bars.length) return h("p", {}, "No workspace was measured on these data.");
  return chart("workspace", `Workspace of one gradient, ${chosenPlace(ofProblem(state))}`, () => memorySpec(bars),
    "Bars: bytes that one call allocates, its result included. Upright marks: resident memory that a call adds to its process at its peak, above its inputs.");
}

// Memory over time: a chart for each size that was traced.
function tracedCharts() {
  const own = DATA.curves.filter((curve) => curve.problem === state.problem);
  if (!own.length) return [h("p", {}, "Not recorded here: ", h("code", {}, "python -m scripts.trace"), " records it, then ", h("code", {}, "python -m scripts.report"), " shows it.")];
  const sizes = new Map(own.map((curve) => [sizeText(curve.n_samples, curve.n_features), curve]));
  return [...sizes.keys()].map((size, i) => {
    const curves = own.filter((curve) => sizeText(curve.n_samples, curve.n_features) === size);
    return chart(`memory-over-time-${i + 1}`, `Memory over time, ${size}`, () => tracedSpec(curves), "Resident memory of a process that draws the data, prepares them and calls a gradient; the calls are shaded.");
  });
}

function tracedSpec(curves) {
  const lines = curves.flatMap((curve) => curve.seconds.map((x, i) => ({ ...lookOf(curve.implementation), x, y: curve.mebibytes[i], memory: `${plain(curve.mebibytes[i])} MiB`, at: seconds(x) })));
  const calls = curves.map((curve) => ({ ...lookOf(curve.implementation), x: curve.call_seconds[0], end: curve.call_seconds[1] }));
  const axis = (field, title) => ({ field, type: "quantitative", axis: { title, tickCount: 7 } });
  const [x, y] = [axis("x", "seconds since the start"), axis("y", "resident memory in MiB")];
  const most = mostOf(lines.map((line) => line.y));
  const last = curves.map((curve) => ({ ...lookOf(curve.implementation), x: curve.seconds.at(-1), y: curve.mebibytes.at(-1) }));
  return {
    padding: { left: 5, top: 5, bottom: 5, right: isWide() ? 130 : 12 },
    layer: filled([
      { data: { values: calls }, mark: { type: "rect", opacity: 0.2 / curves.length }, encoding: { x, x2: { field: "end" }, color: asIs("colour") } },
      { data: { values: lines }, mark: { type: "line", strokeWidth: 2 }, encoding: { x, y, detail: asIs("name"), color: asIs("colour"), strokeDash: asIs("dash") } },
      { data: { values: lines }, mark: { type: "point", size: 60, opacity: 0 }, encoding: { x, y, tooltip: tips(["name", "implementation"], ["at", "at"], ["memory", "memory"]) } },
      { data: { values: isWide() ? apartLinear(last, most) : [] }, mark: { type: "text", align: "left", dx: 8, limit: 115 }, encoding: { x, y, text: { field: "name", type: "nominal" }, color: asIs("colour") } },
    ]),
  };
}

function apartLinear(labels, most) {
  const step = (most * LINE) / HEIGHT;
  const sorted = [...labels].sort((a, b) => a.y - b.y);
  sorted.forEach((label, i) => { if (i) label.y = Math.max(label.y, sorted[i - 1].y + step); });
  return sorted;
}

view({
  id: "memory", title: "Memory and accuracy", order: 40,
  draw(root) {
    const cells = ofProblem(state);
    const place = chosenPlace(cells);
    const timed = cells.filter((cell) => cell.place === place && isTimed(cell) && (state.libraries || cell.family !== "libraries"));
    root.append(
      h("h2", {}, "Memory and accuracy"),
      h("p", { class: "hint" }, "What one gradient costs in memory, and how exact it is, on one set of data."),
      h("div", { class: "row" }, placeSelect(cells)),
      h("h3", {}, "Memory of a call"), memoryAtSize(chosenCells(timed)),
      h("h3", {}, "Error against time"), errorChart(timed, place),
      h("h3", {}, "Memory over time"), ...tracedCharts());
  },
});
