// How it was measured: machine, noise, what is not to be trusted, and what has no value.

const MEANINGS = {
  time: "Of gradient(weights, X, y) alone, on prepared inputs; the median of the rounds, with its 95 % interval.",
  time_mean: "The mean over the rounds; far above the median it tells of other work, or of threads that wait.",
  time_p90: "Nine of ten rounds take at most this long.",
  time_over_baseline: "The reciprocal of the speed-up.",
  speed_up: "Time of the baseline over the time in the same round; the median of the rounds.",
  error: "Largest error of a component against a reference in extended precision, relative to the sum of the absolute terms that make it up.",
  workspace: "What one call allocates, its result included, as Python's tracemalloc counts it.",
  peak: "Resident memory at its peak during a call, above what the process held before.",
  prepare: "Once per data set: checks, casts, a change of layout. Not part of the time.",
  prepared: "What preparation keeps beside the data.",
  break_even: "From so many calls on, preparation and gradients together take less than the baseline's.",
  read_roof: "Bytes of X over the time of a plain read of them on all threads, in the same rounds.",
  roof_fraction: "Compulsory traffic over time and read roof; above 1 where the kernel reads faster than the plain read.",
  chance: "Two processes run the same code in the same rounds: what differs is chance.",
  processors: "CPU time of a call over its wall time: how many processors are busy.",
  epoch: "Of training with one of the solvers, all updates included.",
  kernel_share: "How much of an epoch passes inside the gradient.",
  time_to_loss: "Until the loss is within 1 % of the optimum.",
  final_loss: "After the last epoch.",
  test_accuracy: "Of samples that were not trained on.",
  updates: "Steps of the weights in a whole training.",
};

function machineFacts() {
  const { facts } = DATA;
  const rows = [
    ["processor", facts.cpu], ["threads", String(facts.n_threads)], ["memory", nBytes(facts.memory_bytes)],
    ["caches of a core", CACHES.map(({ level, bytes }) => `${level} ${nBytes(bytes)}`).join(", ") || NONE],
    ["system", facts.system], ["BLAS", facts.blas],
    ["load at the start", known(facts.load) ? `${plain(facts.load, 2)} processors` : NONE],
    ["versions", Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`).join(", ")],
    ["command", h("code", {}, facts.command)], ["code", facts.commit], ["date", facts.date],
  ];
  return h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
}

// What two equal implementations differ by at each set of data.
function chanceRows(cells) {
  const sizes = bySize(cells);
  const rows = placesOf(cells).map((place) => ({ place, band: chanceOf(baselineOf(sizes.get(place))), base: baselineOf(sizes.get(place)) }));
  return rows.filter(({ band }) => known(band));
}

function chanceText(rows) {
  const sorted = [...rows].sort((a, b) => a.band - b.band);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const worst = sorted.at(-1);
  return `${BASELINE} ran against its own twin. Two equal implementations differ by up to ${percent(middle.band)} on half of the data, and by up to ${percent(worst.band)} at worst (${worst.place}). What differs by less is a tie.`;
}

function chanceSection(cells) {
  const rows = chanceRows(cells);
  if (!rows.length) return h("p", {}, "No twin of the baseline was measured: what chance does is not known.");
  const heads = ["data", "baseline over its twin", "95 % interval", "differences from"];
  return [h("p", {}, chanceText(rows)), tableOf(heads, rows.map(({ place, band, base }) => [place, ratio(base.chance), interval(base.chance_low, base.chance_high, ratio) || NONE, percent(band)]))];
}

// Cells by what they say, each with its implementations and the data.
function grouped(pairs) {
  const found = new Map();
  for (const [text, cell] of pairs) {
    if (!found.has(text)) found.set(text, new Map());
    const names = found.get(text);
    names.set(cell.implementation, [...(names.get(cell.implementation) || []), cell.place]);
  }
  return [...found];
}

function groupList(pairs) {
  const placesText = (places) => [": ", listOf([...new Set(places)], 4)];
  return h("ul", { class: "groups" }, grouped(pairs).map(([text, names]) =>
    h("li", {}, h("span", {}, text), h("ul", { class: "reasons" }, [...names].map(([name, places]) => h("li", {}, nameTag(name), placesText(places)))))));
}

function flagSection(cells) {
  const flagged = cells.filter((cell) => cell.flag);
  if (!flagged.length) return h("p", {}, "None.");
  return groupList(flagged.map((cell) => [cell.flag, cell]));
}

const DIGITS = /-?\d[\d.,]*(e[+-]?\d+)?/g;

// Reasons that differ in their numbers alone stand together, by the first of them.
function reasonOf(cells) {
  const kinds = new Map();
  const kindOf = (cell) => cell.reason.replace(DIGITS, "#");
  for (const cell of cells) kinds.set(kindOf(cell), (kinds.get(kindOf(cell)) || new Set()).add(cell.reason || "no reason is known"));
  return (cell) => {
    const [first, ...more] = kinds.get(kindOf(cell));
    return more.length ? `${first} (and ${more.length} with other numbers)` : first;
  };
}

function withoutValue(cells) {
  const gone = cells.filter((cell) => cell.state !== "ok");
  const reason = reasonOf(gone);
  return [...new Set(gone.map((cell) => cell.state))].sort().flatMap((kind) => {
    const own = gone.filter((cell) => cell.state === kind);
    return [h("h4", {}, `${kind} (${own.length})`), groupList(own.map((cell) => [reason(cell), cell]))];
  });
}

// Single values that a cell lacks although it has a time.
function partlyMissing(cells) {
  const pairs = cells.filter((cell) => cell.state === "ok").flatMap((cell) => Object.entries(cell.reasons).map(([metric, reason]) => [`${DATA.metrics[metric]?.label || metric}: ${reason || "not measured"}`, cell]));
  if (!pairs.length) return [];
  return [h("h4", {}, `Single values of timed ones (${pairs.length})`), h("details", {}, h("summary", {}, "show"), groupList(pairs))];
}

function meaningsTable() {
  return tableOf(["value", "unit", "meaning"], Object.entries(DATA.metrics).map(([name, { label, unit }]) => [h("span", {}, label), unit || "number", h("span", { class: "words" }, MEANINGS[name] || "")]));
}

view({
  id: "measured", title: "How it was measured", order: 70,
  draw(root) {
    const cells = ofProblem(state);
    const gone = [...withoutValue(cells), ...partlyMissing(cells)];
    root.append(
      h("h2", {}, "How it was measured"),
      h("p", { class: "hint" }, "One session measures everything in turns: in each round every implementation takes one sample, in a new random order, beside the baseline, its twin and a pure read of X."),
      h("h3", {}, "Machine"), machineFacts(),
      h("h3", {}, `Noise, ${state.problem}`), ...[chanceSection(cells)].flat(),
      h("h3", {}, "Not to be trusted"), flagSection(cells),
      h("h3", {}, "Without a value"), ...(gone.length ? gone : [h("p", {}, "Everything has a value.")]),
      h("h3", {}, "What each number means"), meaningsTable());
  },
});
