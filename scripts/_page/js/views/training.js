// Whether a faster gradient makes a faster training.

const trainedOn = (training) => training.dataset || sizeText(training.n_samples, training.n_features);
const TRAINING_COLUMNS = [
  ["epoch", "epoch", seconds], ["kernel_share", "gradients' share", percent], ["time_to_loss", "time to the loss", seconds],
  ["final_loss", "loss at the end", (value) => (known(value) ? plain(value, 4) : NONE)], ["test_accuracy", "held-out right", percent], ["updates", "updates", whole],
];

// Trainings of the problem with their speed-ups, of the gradient and of an epoch.
function trainings() {
  const sizes = bySize(ofProblem(state));
  const own = TRAININGS.filter((each) => each.problem === state.problem && each.threads === state.threads);
  const bases = new Map(own.filter((each) => each.implementation === state.base).map((each) => [JSON.stringify([each.solver, trainedOn(each)]), each]));
  return own.map((each) => {
    const place = trainedOn(each);
    const others = sizes.get(place) || [];
    const cell = others.find((other) => other.implementation === each.implementation);
    const base = bases.get(JSON.stringify([each.solver, place]));
    return {
      ...each, place, cell, kernel: cell && isTimed(cell) ? speedUp(cell, others, state.base) : null,
      whole: base && known(base.epoch) && known(each.epoch) ? base.epoch / each.epoch : null,
    };
  });
}

const isDrawn = (training) => training.cell && isChosen(training.cell, state);

function trainingSpec(drawn) {
  const points = drawn.map((each) => ({
    ...lookOf(each.implementation), x: each.kernel, y: each.whole, solver: each.solver, place: each.place,
    kernel: ratio(each.kernel), epoch: ratio(each.whole), share: percent(each.kernel_share),
  }));
  const domain = logDomain(points.flatMap((point) => [point.x, point.y, 1]));
  const x = logAxis("x", `speed-up of the gradient over ${isWide() ? "the base" : "base"}`, domain, "ratio");
  const y = logAxis("y", "speed-up of an epoch", domain, "ratio");
  const tooltip = tips(["name", "implementation"], ["solver", "solver"], ["place", "data"], ["kernel", "gradient"], ["epoch", "epoch"], ["share", "gradients' share of the epoch"]);
  return {
    layer: filled([
      { data: { values: domain.map((value) => ({ x: value, y: value })) }, mark: { type: "line", strokeDash: [4, 3], strokeWidth: 1, color: cssValue("--faint") }, encoding: { x, y } },
      { data: { values: points }, mark: { type: "point", size: 70, opacity: 1 }, encoding: { x, y, color: asIs("colour"), shape: { field: "solver", type: "nominal", legend: { orient: "top", title: "solver", symbolStrokeColor: cssValue("--text") } }, tooltip } },
    ]),
  };
}

function solverTable(solver, own) {
  const columns = TRAINING_COLUMNS.filter(([key]) => own.some((each) => known(each[key])));
  const rows = own.filter((each) => each.state === "ok").sort((a, b) => a.place.localeCompare(b.place) || a.epoch - b.epoch);
  const heads = ["implementation", "data", "gradient", "epoch", ...columns.map(([, label]) => label)];
  heads.splice(2, 2, "gradient, times as fast", "epoch, times as fast");
  return [
    h("h3", {}, `Solver ${solver}`),
    tableOf(heads, rows.map((each) => [nameTag(each.implementation), each.place, ratio(each.kernel), ratio(each.whole), ...columns.map(([key, , format]) => format(each[key]))])),
  ];
}

view({
  id: "training", title: "Training", order: 60, absent: () => !TRAININGS.length,
  draw(root) {
    const own = trainings().filter(isDrawn);
    root.append(h("h2", {}, "Does a faster gradient train faster?"), h("p", { class: "hint" }, `The speed-up of the gradient against that of a whole epoch of training, both over ${state.base}: what lies below the diagonal is lost outside the gradient.`));
    if (!own.length) root.append(h("p", {}, `No training with ${state.problem} was measured for the chosen precision.`));
    const drawn = own.filter((each) => each.kernel > 0 && each.whole > 0);
    if (drawn.length) root.append(nameKey(drawn), chart("training", `${state.problem}: speed-up of an epoch against speed-up of the gradient`, () => trainingSpec(drawn), "Both axes are logarithmic; on the dashed line an epoch gains as much as the gradient of all samples. minibatch and sgd call it with few samples at a time, where it gains something else."));
    const solvers = [...new Set(own.map((each) => each.solver))].sort();
    root.append(...solvers.flatMap((solver) => solverTable(solver, own.filter((each) => each.solver === solver))));
    root.append(h("p", { class: "hint" }, "Loss against seconds is not in these results: ", h("code", {}, "python -m scripts.train descent"), " trains and draws it."));
  },
});

function nameKey(drawn) {
  const names = [...new Set(drawn.map((each) => each.implementation))].sort();
  return h("ul", { class: "key" }, names.map((name) => h("li", {}, nameTag(name))));
}
