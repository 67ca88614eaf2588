// Effective bandwidth against the working set, below the bandwidth of a pure read.


const roofPoint = (cell, coloured) => ({
  ...lookOf(cell.implementation, coloured), x: cell.working_set, y: cell.effective, fill: cell.flag ? cssValue("--page") : lookOf(cell.implementation, coloured).colour,
  place: cell.place, time: seconds(cell.time), set: nBytes(cell.working_set), moved: nBytes(cell.compulsory_bytes),
  bandwidth: gigabytes(cell.effective), fraction: percent(cell.roof_fraction), limit: cell.limit || NONE, flag: cell.flag || "none",
});

// The read roof of X in float64 at each set of data, in the order of the working sets.
function readRoofs(cells) {
  const found = new Map();
  for (const cell of cells)
    if (known(cell.read_roof) && known(cell.working_set) && (cell.bytes_per_value === 8 || !found.has(cell.place)))
      found.set(cell.place, { x: cell.working_set, y: cell.read_roof, place: cell.place, bandwidth: gigabytes(cell.read_roof) });
  return [...found.values()].sort((a, b) => a.x - b.x);
}

function rooflineSpec(points, roofs, coloured) {
  const domain = logDomain([...points, ...roofs].map((point) => point.x));
  const x = logAxis("x", "working set", domain, "bytes");
  const y = logAxis("y", "effective bandwidth in GB/s", logDomain([...points, ...roofs].map((point) => point.y)), "number");
  const [front, back] = [points.filter((p) => coloured.has(p.name)), points.filter((p) => !coloured.has(p.name))];
  const text = cssValue("--text");
  const tooltip = tips(["name", "implementation"], ["place", "data"], ["time", "time"], ["set", "working set"], ["moved", "bytes that must move"], ["bandwidth", "effective bandwidth"], ["fraction", "of the read roof"], ["limit", "what limits it"], ["flag", "flag"]);
  return {
    padding: { left: 5, top: 22, bottom: 5, right: 12 },
    layer: filled([
      ...cacheRules(x, y, domain),
      { data: { values: roofs }, mark: { type: "line", strokeWidth: 2.5, color: text, strokeDash: [7, 3] }, encoding: { x, y } },
      { data: { values: roofs }, mark: { type: "point", shape: "stroke", size: 120, strokeWidth: 2.5, color: text, opacity: 1 }, encoding: { x, y, tooltip: tips(["place", "data"], ["bandwidth", "read roof"]) } },
      { data: { values: back }, mark: { type: "point", filled: true, size: 16, opacity: 0.4 }, encoding: { x, y, color: asIs("colour"), tooltip } },
      { data: { values: front }, mark: { type: "point", size: 55, opacity: 1 }, encoding: { x, y, stroke: asIs("colour"), fill: asIs("fill"), shape: asIs("shape"), tooltip } },
    ]),
  };
}

function cacheRules(x, y, [low, high]) {
  const values = CACHES.filter(({ bytes }) => low <= bytes && bytes <= high).map(({ level, bytes }) => ({ x: bytes, level }));
  const colour = cssValue("--faint");
  return [
    { data: { values }, mark: { type: "rule", color: colour, strokeWidth: 1, strokeDash: [2, 3] }, encoding: { x } },
    { data: { values }, mark: { type: "text", y: -4, baseline: "bottom", color: colour, fontSize: 12 }, encoding: { x, text: { field: "level", type: "nominal" } } },
  ];
}

view({
  id: "roofline", title: "Roofline", order: 30,
  draw(root) {
    const all = ofProblem(state);
    const cells = chosenCells(all).filter((cell) => isTimed(cell) && known(cell.effective) && cell.effective > 0 && cell.working_set > 0);
    root.append(h("h2", {}, "How near to the bandwidth of memory"), h("p", { class: "hint" }, "The bytes that a gradient has to move at least, over its time: its distance from the read roof is what could still be gained in one pass."));
    if (!cells.length) return root.append(h("p", {}, "Nothing of the chosen precision has a time and a number of bytes."));
    const coloured = colouredNames(cells);
    root.append(nameChips([...new Set(cells.map((cell) => cell.implementation))].sort(), coloured));
    const points = cells.map((cell) => roofPoint(cell, coloured.has(cell.implementation)));
    root.append(chart("roofline", `${state.problem}: effective bandwidth against the working set`, () => rooflineSpec(points, readRoofs(all), coloured),
      `The dashed line is the read roof: the bandwidth of a pure read of X, measured in the same rounds. ${CACHES.length ? `Dotted lines are the caches that a core sees: ${CACHES.map(({ level, bytes }) => `${level} ${nBytes(bytes)}`).join(", ")}. ` : ""}Bytes are counted in the data type of each implementation: float32 has half as many to move, so that at the same bandwidth it takes half the time.`));
  },
});
