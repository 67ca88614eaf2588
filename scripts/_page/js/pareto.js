// Error against time: what nothing else beats in both.

const LEAST_ERROR = 1e-18; // an error of 0 is drawn here, as a logarithmic axis has no 0
const PARETO_NOTE = "Both axes are logarithmic; lower left is better. The steps join what no other " +
  "implementation beats in both; names in full when pointed at. The dotted line is the chosen precision.";

const ERROR_TIPS = [["name", "implementation"], ["time", "time"], ["error", "error"]];

function errorPoint(cell) {
  const error = cell.error ?? cell.worst;
  const texts = { time: seconds(cell.time), error: errorText(error) };
  return { ...lookOf(cell.implementation), x: cell.time, y: Math.max(error, LEAST_ERROR), ...texts };
}

function errorPoints(cells) {
  const points = cells.filter((cell) => known(cell.error ?? cell.worst)).map(errorPoint);
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
  const named = (point, i) => [i ? ", " : "", nameTag(point.name), ` (${point.time}, error ${point.error})`];
  return h("div", {},
    chart("error-against-time", `Error against time, ${place}`,
      () => errorPoints(cells), errorSpec, ERROR_TIPS, PARETO_NOTE),
    h("p", {}, "Not beaten in both: ", front.map(named), "."));
}

function errorAxes(points, limit) {
  const domain = logDomain([...points, ...limit].map((p) => p.y));
  return [
    logAxis("x", "time of one gradient", logDomain(points.map((p) => p.x)), "seconds"),
    logAxis("y", "error", domain, "error"),
  ];
}

function errorSpec(points) {
  const front = frontOf(points);
  const limit = state.error === "any" ? [] : [{ y: Number(state.error) }];
  const [x, y] = errorAxes(points, limit);
  const [faint, text] = [cssValue("--faint"), cssValue("--text")];
  const on = new Set(front.map((point) => point.name));
  const rest = points.filter((point) => !on.has(point.name));
  const tooltip = tips(...ERROR_TIPS);
  const end = front.length ? [{ x: mostOf(points.map((p) => p.x)), y: front.at(-1).y }] : [];
  const color = asIs("colour");
  const shaped = { x, y, shape: asIs("shape"), tooltip };
  const steps = { type: "line", interpolate: "step-after", strokeWidth: 1.5, color: text };
  return {
    padding: { left: 5, top: 5, bottom: 5, right: 12 },
    layer: filled([
      layer(limit, { type: "rule", strokeDash: [2, 3], color: faint }, { y }),
      layer([...front, ...end], steps, { x, y }),
      layer(rest, { type: "point", size: 45, opacity: 0.8, color: faint }, shaped),
      layer(front, { type: "point", size: 80, opacity: 1, filled: true }, { ...shaped, color }),
      ...pointLabels(front, x, y),
    ]),
  };
}
