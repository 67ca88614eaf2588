// Effective bandwidth against the working set, below the bandwidth of a pure read.

const ROOFLINE_HINT = "The bytes that a gradient has to move at least, over its time: " +
  "its distance from the read roof is what could still be gained in one pass.";
const ROOFLINE_TIPS = [
  ["name", "implementation"], ["place", "data"], ["time", "time"], ["set", "working set"],
  ["moved", "bytes that must move"], ["bandwidth", "effective bandwidth"], ["roof", "read roof"],
  ["fraction", "of the read roof"], ["limit", "what limits it"], ["flag", "flag"],
];

function roofPoint(cell, coloured) {
  const look = lookOf(cell.implementation, coloured.has(cell.implementation));
  return {
    ...look, x: cell.working_set, y: cell.effective, fill: cell.flag ? cssValue("--page") : look.colour,
    place: cell.place, time: seconds(cell.time), set: nBytes(cell.working_set),
    moved: nBytes(cell.compulsory_bytes), bandwidth: gigabytes(cell.effective),
    roof: gigabytes(cell.read_roof),
    fraction: percent(cell.roof_fraction), limit: cell.limit || NONE, flag: cell.flag || "none",
  };
}

// The read roof of X in float64 at each set of data, in the order of the working sets.
function readRoofs(cells) {
  const found = new Map();
  for (const { place, read_roof, working_set, bytes_per_value } of cells) {
    const isBetter = bytes_per_value === 8 || !found.has(place);
    if (known(read_roof) && known(working_set) && isBetter)
      found.set(place, { x: working_set, y: read_roof, place, bandwidth: gigabytes(read_roof) });
  }
  return [...found.values()].sort((a, b) => a.x - b.x);
}

function rooflineSpec(points, roofs, coloured) {
  const all = [...points, ...roofs];
  const domain = logDomain(all.map((point) => point.x));
  const x = logAxis("x", "working set", domain, "bytes");
  const y = logAxis("y", "effective bandwidth in GB/s", logDomain(all.map((point) => point.y)), "number");
  const front = points.filter((p) => coloured.has(p.name));
  const back = points.filter((p) => !coloured.has(p.name));
  const [color, tooltip] = [asIs("colour"), tips(...ROOFLINE_TIPS)];
  const dots = { x, y, stroke: color, fill: asIs("fill"), shape: asIs("shape"), tooltip };
  return {
    padding: { left: 5, top: 22, bottom: 5, right: 12 },
    layer: filled([
      ...cacheRules(domain, x),
      ...roofLayers(roofs, x, y),
      layer(back, { type: "point", filled: true, size: 16, opacity: 0.4 }, { x, y, color, tooltip }),
      layer(front, { type: "point", size: 55, opacity: 1 }, dots),
    ]),
  };
}

function roofLayers(roofs, x, y) {
  const look = { strokeWidth: 2.5, color: cssValue("--text") };
  const tooltip = tips(["place", "data"], ["bandwidth", "read roof"]);
  return [
    layer(roofs, { type: "line", strokeDash: [7, 3], ...look }, { x, y }),
    layer(roofs, { type: "point", shape: "stroke", size: 120, opacity: 1, ...look }, { x, y, tooltip }),
  ];
}

function cacheRules([low, high], x) {
  const within = CACHES.filter(({ bytes }) => low <= bytes && bytes <= high);
  const values = within.map(({ level, bytes }) => ({ x: bytes, level }));
  const color = cssValue("--faint");
  const text = { field: "level", type: "nominal" };
  return [
    layer(values, { type: "rule", color, strokeWidth: 1, strokeDash: [2, 3] }, { x }),
    layer(values, { type: "text", y: -4, baseline: "bottom", color, fontSize: 12 }, { x, text }),
  ];
}

function rooflineNote() {
  const caches = CACHES.map(({ level, bytes }) => `${level} ${nBytes(bytes)}`).join(", ");
  return "The dashed line is the read roof: the bandwidth of a pure read of X in the same rounds. " +
    (caches ? `Dotted lines are the caches that a core sees: ${caches}. ` : "") +
    "Bytes are counted in the data type of each implementation: float32 has half as many to move, " +
    "so that at the same bandwidth it takes half the time.";
}

const hasBandwidth = (cell) => isTimed(cell) && cell.effective > 0 && cell.working_set > 0;

view({
  id: "roofline", title: "Roofline", order: 30,
  draw(root) {
    const all = ofProblem(state);
    const cells = chosenCells(all).filter(hasBandwidth);
    root.append(h("h2", {}, "How near to the bandwidth of memory"), hint(ROOFLINE_HINT));
    if (!cells.length)
      return root.append(h("p", {}, "Nothing of the chosen precision has a time and a number of bytes."));
    const coloured = colouredNames(cells);
    const title = `${state.problem}: effective bandwidth against the working set`;
    const points = () => cells.map((cell) => roofPoint(cell, coloured));
    const spec = (points) => rooflineSpec(points, readRoofs(all), coloured);
    root.append(nameChips(namesOf(cells), coloured),
      chart("roofline", title, points, spec, ROOFLINE_TIPS, rooflineNote()));
  },
});
