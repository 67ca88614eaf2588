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

function trainingPoint(training) {
  return {
    ...lookOf(training.implementation), x: training.kernel, y: training.whole,
    solver: training.solver, place: training.place, kernel: ratio(training.kernel),
    epoch: ratio(training.whole), share: percent(training.kernel_share),
  };
}

function trainingSpec(drawn) {
  const points = drawn.map(trainingPoint);
  const domain = logDomain(points.flatMap((point) => [point.x, point.y, 1]));
  const x = logAxis("x", `speed-up of the gradient over ${isWide() ? "the base" : "base"}`, domain, "ratio");
  const y = logAxis("y", "speed-up of an epoch", domain, "ratio");
  const legend = { orient: "top", title: "solver", symbolStrokeColor: cssValue("--text") };
  const shape = { field: "solver", type: "nominal", legend };
  const diagonal = { type: "line", strokeDash: [4, 3], strokeWidth: 1, color: cssValue("--faint") };
  const dots = { x, y, color: asIs("colour"), shape, tooltip: tips(...TRAINING_TIPS) };
  return {
    layer: filled([
      layer(domain.map((value) => ({ x: value, y: value })), diagonal, { x, y }),
      layer(points, { type: "point", size: 70, opacity: 1 }, dots),
    ]),
  };
}

function trainingChart(drawn) {
  const key = h("ul", { class: "key" }, namesOf(drawn).map((name) => h("li", {}, nameTag(name))));
  const title = `${state.problem}: speed-up of an epoch against speed-up of the gradient`;
  return [key, chart("training", title, () => trainingSpec(drawn), TRAINING_NOTE)];
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
  id: "training", title: "Training", order: 60, absent: () => !TRAININGS.length,
  draw(root) {
    const own = trainings().filter(isDrawn);
    const drawn = own.filter((each) => each.kernel > 0 && each.whole > 0);
    const solvers = unique(own.map((each) => each.solver)).sort(byName);
    root.append(
      h("h2", {}, "Does a faster gradient train faster?"),
      hint("The speed-up of the gradient against that of a whole epoch of training, both over ",
        `${state.base}: what lies below the diagonal is lost outside the gradient.`));
    if (!own.length)
      root.append(h("p", {}, `No training with ${state.problem} was measured for the chosen precision.`));
    if (drawn.length) root.append(...trainingChart(drawn));
    root.append(
      ...solvers.flatMap((solver) => solverTable(solver, own.filter((each) => each.solver === solver))),
      hint("Loss against seconds is not in these results: ", code("python -m scripts.train descent"),
        " trains and draws it."));
  },
});
