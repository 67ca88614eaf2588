// Whether a faster gradient makes a faster training.

const TRAINING_NOTE = "Both axes are logarithmic; on the dashed line an epoch gains as much as the " +
  "gradient of all samples. minibatch and sgd call it with few samples at a time, where it gains " +
  "something else.";
const TRAINING_COLUMNS = [
  ["epoch", "epoch", seconds], ["kernel_share", "gradients' share", percent],
  ["time_to_loss", "time to the loss", seconds],
  ["final_loss", "loss at the end", (value) => knownOr(value, () => plain(value, 4))],
  ["test_accuracy", "held-out right", percent], ["updates", "updates", whole],
];
const TRAINING_TIPS = [
  ["name", "implementation"], ["solver", "solver"], ["place", "data"], ["kernel", "gradient"],
  ["epoch", "epoch"], ["share", "gradients' share of the epoch"],
];
const trainedOn = (training) => training.dataset || sizeText(training.n_samples, training.n_features);

// A training with its speed-ups, of the gradient and of an epoch.
function withSpeedUps(training, base, others) {
  const cell = others.find((other) => other.implementation === training.implementation);
  const isPaired = base && known(base.epoch) && known(training.epoch);
  return {
    ...training, place: trainedOn(training), cell,
    kernel: cell && isTimed(cell) ? speedUp(cell, others, state.base) : null,
    whole: isPaired ? base.epoch / training.epoch : null,
  };
}

function trainings() {
  const sizes = bySize(ofProblem(state));
  const own = TRAININGS.filter((each) => isOf(each, state));
  const keyOf = (training) => JSON.stringify([training.solver, trainedOn(training)]);
  const bases = own.filter((each) => each.implementation === state.base);
  const byKey = new Map(bases.map((each) => [keyOf(each), each]));
  return own.map((each) => withSpeedUps(each, byKey.get(keyOf(each)), sizes.get(trainedOn(each)) || []));
}

const isDrawn = (training) => training.cell && isChosen(training.cell, state);

function trainingPoint(training, coloured) {
  return {
    ...lookOf(training.implementation, coloured.has(training.implementation)),
    x: training.kernel, y: training.whole,
    solver: training.solver, place: training.place, kernel: ratio(training.kernel),
    epoch: ratio(training.whole), share: percent(training.kernel_share),
  };
}

// The name of each stands beside the point that gains most.
function namedPoints(points) {
  const best = (own) => own.reduce((a, b) => (b.y > a.y ? b : a));
  return [...groupBy(points, ({ name }) => name).values()].map(best);
}

function trainingSpec(points, coloured) {
  const domain = logDomain(points.flatMap((point) => [point.x, point.y, 1]));
  const x = logAxis("x", `speed-up of the gradient over ${isWide() ? "the base" : "base"}`, domain, "ratio");
  const y = logAxis("y", "speed-up of an epoch", domain, "ratio");
  const legend = { orient: "top", title: "solver", symbolStrokeColor: cssValue("--text") };
  const shape = { field: "solver", type: "nominal", legend };
  const diagonal = { type: "line", strokeDash: [4, 3], strokeWidth: 1, color: cssValue("--faint") };
  const front = points.filter((p) => coloured.has(p.name));
  const back = points.filter((p) => !coloured.has(p.name));
  const dots = { x, y, color: asIs("colour"), shape, tooltip: tips(...TRAINING_TIPS) };
  return {
    layer: filled([
      layer(domain.map((value) => ({ x: value, y: value })), diagonal, { x, y }),
      layer(back, { type: "point", size: 40, opacity: 0.5 }, dots),
      layer(front, { type: "point", size: 70, opacity: 1 }, dots),
      ...pointLabels(namedPoints(front), x, y),
    ]),
  };
}

function trainingChart(drawn, coloured) {
  const title = `${state.problem}: speed-up of an epoch against speed-up of the gradient`;
  return chart("training", title, () => drawn.map((each) => trainingPoint(each, coloured)),
    (points) => trainingSpec(points, coloured), TRAINING_TIPS, TRAINING_NOTE);
}

function solverTable(solver, own) {
  const columns = TRAINING_COLUMNS.filter(([key]) => own.some((each) => known(each[key])));
  const rows = own.filter((each) => each.state === "ok");
  rows.sort((a, b) => byName(a.place, b.place) || a.epoch - b.epoch);
  const heads = ["implementation", "data", "gradient, times as fast", "epoch, times as fast"];
  const row = (each) => [
    nameTag(each.implementation), each.place, ratio(each.kernel), ratio(each.whole),
    ...columns.map(([key, , format]) => format(each[key])),
  ];
  const table = tableOf([...heads, ...columns.map(([, label]) => label)], rows.map(row));
  return [h("h3", {}, `Solver ${solver}`), table];
}

view({
  id: "training", title: "Training", order: 60,
  draw(root) {
    const own = trainings().filter(isDrawn);
    const drawn = own.filter((each) => each.kernel > 0 && each.whole > 0);
    const losses = LOSSES.filter(({ problem }) => problem === state.problem).filter(isLossChosen);
    const solvers = unique(own.map((each) => each.solver)).sort(byName);
    const names = namesOf([...drawn, ...losses]);
    const coloured = state.show ? shown() : colouredNames(own.map((each) => each.cell));
    root.append(
      h("h2", {}, "Does a faster gradient train faster?"),
      hint("The speed-up of the gradient against that of a whole epoch of training, both over ",
        `${state.base}: what lies below the diagonal is lost outside the gradient.`));
    if (!own.length)
      root.append(h("p", {},
        `No training with ${state.problem} was measured for the chosen precision: `,
        code("python -m scripts.run"), " measures some, then ",
        code("python -m scripts.report"), " shows them."));
    if (names.length) root.append(nameChips(names, coloured));
    if (drawn.length) root.append(trainingChart(drawn, coloured));
    root.append(...[
      h("h3", {}, "Loss against seconds"), lossSection(losses, coloured),
      ...solvers.map((solver) => solverTable(solver, own.filter((each) => each.solver === solver))),
    ].flat(2));
  },
});
