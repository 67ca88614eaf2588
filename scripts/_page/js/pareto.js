// Error against time: what nothing else beats in both.

const LEAST_ERROR = 1e-18; // an error of 0 is drawn here, as a logarithmic axis has no 0

function errorPoints(cells) {
  const valued = cells.filter((cell) => known(cell.error ?? cell.worst));
  const points = valued.map((cell) => {
    const error = cell.error ?? cell.worst;
    return { ...lookOf(cell.implementation), x: cell.time, y: Math.max(error, LEAST_ERROR), time: seconds(cell.time), error: errorText(error) };
  });
  return points.sort((a, b) => a.x - b.x || a.y - b.y);
}

// From the fastest on, each that is more exact than all that are faster.
function frontOf(points) {
  let least = Infinity;
  return points.filter((point) => {
    const better = point.y < least;
    least = Math.min(least, point.y);
    return better;
  });
}

function errorChart(cells, place) {
  const points = errorPoints(cells);
  if (!points.length) return h("p", {}, "No error was measured on these data.");
  const front = frontOf(points);
  return h("div", {},
    chart("error-against-time", `Error against time, ${place}`, () => errorSpec(points, front),
      "Both axes are logarithmic; lower left is better. The steps join what no other implementation beats in both; names in full when pointed at. The dotted line is the chosen precision."),
    h("p", {}, "Not beaten in both: ", front.map((point, i) => [i ? ", " : "", nameTag(point.name), ` (${point.time}, error ${point.error})`]), "."));
}

// Right of their points, and left of those near the right edge.
function frontNames(front, x, y) {
  const [low, high] = x.scale.domain;
  const labels = apart(front, y.scale.domain);
  return [["left", 9], ["right", -9]].map(([align, dx]) => ({
    data: { values: labels.filter((label) => (label.x < low * (high / low) ** 0.6) === (align === "left")) },
    mark: { type: "text", align, dx, dy: -8, limit: 115, fontSize: 12 },
    encoding: { x, y, text: { field: "name", type: "nominal" }, color: asIs("colour") },
  }));
}

function errorSpec(points, front) {
  const limit = state.error === "any" ? [] : [{ y: Number(state.error) }];
  const x = logAxis("x", "time of one gradient", logDomain(points.map((p) => p.x)), "seconds");
  const domain = logDomain([...points.map((p) => p.y), ...limit.map((p) => p.y)]);
  const y = logAxis("y", "error", domain, "error");
  const on = new Set(front.map((point) => point.name));
  const rest = points.filter((point) => !on.has(point.name)).map((point) => ({ ...point, colour: cssValue("--faint") }));
  const tooltip = tips(["name", "implementation"], ["time", "time"], ["error", "error"]);
  const end = front.length ? [{ x: mostOf(points.map((p) => p.x)), y: front.at(-1).y }] : [];
  return {
    padding: { left: 5, top: 5, bottom: 5, right: 12 },
    layer: filled([
      { data: { values: limit }, mark: { type: "rule", strokeDash: [2, 3], color: cssValue("--faint") }, encoding: { y } },
      { data: { values: [...front, ...end] }, mark: { type: "line", interpolate: "step-after", strokeWidth: 1.5, color: cssValue("--text") }, encoding: { x, y } },
      { data: { values: rest }, mark: { type: "point", size: 45, opacity: 0.8, color: cssValue("--faint") }, encoding: { x, y, shape: asIs("shape"), tooltip } },
      { data: { values: front }, mark: { type: "point", size: 80, opacity: 1, filled: true }, encoding: { x, y, color: asIs("colour"), shape: asIs("shape"), tooltip } },
      ...frontNames(front, x, y),
    ]),
  };
}
