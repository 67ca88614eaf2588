// Loss against seconds: how soon each solver gets how far with each implementation.

const LOSS_TIPS = [
  ["name", "implementation"], ["solver", "solver"], ["epoch", "epoch"], ["at", "seconds"],
  ["loss", "loss"], ["above", "above the least"],
];
const LOSS_NOTE = "After each epoch; the time of the losses is not counted. ";
const LOG_NOTE = "Both axes are logarithmic, and the least loss that any weights reach is subtracted: " +
  "a line that falls steeply gains digits fast.";
const PLAIN_NOTE = "The loss itself, as some reach the least loss at once, which a logarithm cannot show.";

// Whether any cell of its implementation is chosen: its own data have none.
const isLossChosen = ({ implementation }) =>
  ofProblem(state).some((cell) => cell.implementation === implementation && isChosen(cell, state));

const aboveText = (excess) => (excess >= 0.001 ? plain(excess) : errorText(excess));
const isAbove = (excess) => known(excess) && excess > 0;
// A logarithm makes sense if most of each curve lies above the least loss.
const isLogarithmic = (curves) =>
  curves.every(({ excess }) => excess.filter(isAbove).length > excess.length / 2);

function lossPoints(curves, coloured) {
  const isLog = isLogarithmic(curves);
  const points = curves.flatMap((curve) => curve.epochs.map((epoch, i) => ({
    ...lookOf(curve.implementation, coloured.has(curve.implementation)),
    line: `${curve.solver}, ${curve.implementation}`, solver: curve.solver, epoch: whole(epoch),
    x: curve.seconds[i], y: isLog ? curve.excess[i] : curve.losses[i], at: seconds(curve.seconds[i]),
    loss: knownOr(curve.losses[i], () => plain(curve.losses[i], 6)), above: aboveText(curve.excess[i]),
  })));
  return points.filter(({ y }) => (isLog ? isAbove(y) : known(y)));
}

function lossAxes(points, isLog) {
  const values = points.map((point) => point.y);
  const x = logAxis("x", "seconds since the start", logDomain(points.map((point) => point.x)), "seconds");
  const title = "loss minus the least loss (lower is better)";
  if (isLog) return [x, logAxis("y", title, logDomain(values), "error")];
  const scale = { domain: [leastOf(values), mostOf(values)], nice: true };
  return [x, { field: "y", type: "quantitative", scale, axis: { title: "loss (lower is better)" } }];
}

const lastPoints = (points) => [...groupBy(points, ({ line }) => line).values()].map((own) => own.at(-1));

function lossSpec(points, coloured, isLog) {
  const [x, y] = lossAxes(points, isLog);
  const front = points.filter((point) => coloured.has(point.name));
  const back = points.filter((point) => !coloured.has(point.name));
  const legend = { orient: "top", title: "solver", symbolStrokeColor: cssValue("--text") };
  const [color, detail] = [asIs("colour"), asIs("line")];
  const shape = { field: "solver", type: "nominal", legend };
  const line = { x, y, detail, color, strokeDash: asIs("dash") };
  const dots = { x, y, color, shape, tooltip: tips(...LOSS_TIPS) };
  return {
    padding: { left: 5, top: 5, bottom: 5, right: 12 },
    layer: filled([
      layer(back, { type: "line", strokeWidth: 1, opacity: 0.4 }, { x, y, detail, color }),
      layer(front, { type: "line", strokeWidth: 1.5 }, line),
      layer(points, { type: "point", size: 14, opacity: 0.8 }, dots),
      ...(isLog && isWide() ? pointLabels(lastPoints(front), x, y, "line") : []),
    ]),
  };
}

function lossTable(curves) {
  const totalOf = (curve) => curve.seconds.at(-1);
  const baseOf = ({ solver }) =>
    curves.find((each) => each.solver === solver && each.implementation === state.base);
  const faster = (curve) => (baseOf(curve) ? totalOf(baseOf(curve)) / totalOf(curve) : null);
  const rows = [...curves].sort((a, b) => byName(a.solver, b.solver) || totalOf(a) - totalOf(b));
  const heads = ["implementation", "solver", "epochs", "seconds", "times as fast", "above the least loss"];
  return tableOf(heads, rows.map((curve) => [
    nameTag(curve.implementation), curve.solver, whole(curve.epochs.at(-1)), seconds(totalOf(curve)),
    ratio(faster(curve)), aboveText(curve.excess.at(-1)),
  ]), "Trainings with loss against seconds");
}

function lossChart(data, curves, i, coloured) {
  const isLog = isLogarithmic(curves);
  const what = isLog ? "loss minus the least loss" : "loss";
  const title = `${state.problem}: ${what} against seconds, ${data}`;
  return [
    chart(`losses-${i + 1}`, title, () => lossPoints(curves, coloured),
      (points) => lossSpec(points, coloured, isLog), LOSS_TIPS, LOSS_NOTE + (isLog ? LOG_NOTE : PLAIN_NOTE)),
    lossTable(curves),
  ];
}

// A chart for each set of data that was trained on.
function lossSection(curves, coloured) {
  if (!curves.length) {
    const others = unique(LOSSES.map(({ problem }) => problem)).filter((other) => other !== state.problem);
    const command = ["python -m scripts.train descent", "python -m scripts.report"].map(code);
    return [
      h("p", {}, `Not recorded for ${state.problem}: `, command[0],
        " trains linear with gd, sgd and minibatch, then ", command[1], " shows it."),
      others.length ? hint(`Recorded for ${others.join(", ")}.`) : "",
    ];
  }
  const dataOf = (curve) => `${sizeText(curve.n_samples, curve.n_features)}, seed ${curve.seed}`;
  return [...groupBy(curves, dataOf)].flatMap(([data, own], i) => lossChart(data, own, i, coloured));
}
