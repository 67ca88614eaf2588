// How it was measured: machine, noise, what is not to be trusted, and what has no value.

const MEASURED_HINT = "One session measures everything in turns: in each round every implementation takes " +
  "one sample, in a new random order, beside the baseline, its twin and a pure read of X.";

function machineFacts() {
  const { facts } = DATA;
  const rows = [
    ["processor", facts.cpu], ["threads", String(facts.n_threads)],
    ["memory", nBytes(facts.memory_bytes || null)],
    ["caches of a core", CACHES.map(({ level, bytes }) => `${level} ${nBytes(bytes)}`).join(", ") || NONE],
    ["system", facts.system], ["BLAS", facts.blas],
    ["load at the start", knownOr(facts.load, () => `${plain(facts.load, 2)} processors`)],
    ["versions", Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`).join(", ")],
    ["command", code(facts.command)], ["code", facts.commit], ["date", facts.date],
  ];
  return factsList(rows);
}

// What two equal implementations differ by at each set of data.
function chanceRows(cells) {
  const sizes = bySize(cells);
  const rows = placesOf(cells).map((place) => {
    const own = sizes.get(place);
    return { place, band: own[0].chance_band, base: baselineOf(own) };
  });
  return rows.filter(({ band, base }) => base && known(band));
}

function chanceText(rows) {
  const sorted = [...rows].sort((a, b) => a.band - b.band);
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  const worst = sorted.at(-1);
  const { least_band, most_band } = DATA.rules;
  return `${BASELINE} ran against its own twin. Two equal implementations differ by up to ` +
    `${percent(middle.band)} on half of the data, and by up to ${percent(worst.band)} at worst ` +
    `(${worst.place}): what differs by less cannot be told from chance. Of it, the map and the advice call ` +
    `up to ${percent(most_band)} a tie (${percent(least_band)} at least), and the rest "within chance".`;
}

function chanceSection(cells) {
  const rows = chanceRows(cells);
  if (!rows.length)
    return [h("p", {}, "No twin of the baseline was measured: what chance does is not known.")];
  const heads = ["data", "baseline over its twin", "95 % interval", "differences from"];
  const row = ({ place, band, base: { chance, chance_low, chance_high } }) =>
    [place, ratio(chance), interval(chance_low, chance_high, ratio) || NONE, percent(band)];
  return [h("p", {}, chanceText(rows)), tableOf(heads, rows.map(row))];
}

// The middle of some numbers, and their range where they differ.
function rangeText(values) {
  const sorted = values.filter(known).sort((a, b) => a - b);
  if (!sorted.length) return NONE;
  const [least, middle, most] = [sorted[0], sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)];
  return least === most ? whole(most) : `${whole(middle)} (${whole(least)} to ${whole(most)})`;
}

// How many samples stand behind a time.
function roundsSection(cells) {
  const timed = cells.filter(isTimed);
  if (!timed.length) return h("p", {}, "Nothing has a time.");
  const rows = [
    ["rounds of a time", rangeText(timed.map((cell) => cell.rounds))],
    ["generations of processes", rangeText(timed.map((cell) => cell.generations))],
  ];
  const few = timed.filter((cell) => cell.generations < DATA.rules.least_generations).length;
  const warning = `${whole(few)} of ${plural(timed.length, "time")} come from fewer than ` +
    `${DATA.rules.least_generations} generations: their intervals do not cover what differs from ` +
    "process to process. The presets standard and full start processes anew.";
  return [factsList(rows), few ? hint(warning) : ""];
}

const factsList = (rows) =>
  h("dl", { class: "facts" }, rows.map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

// Cells by what they say, each with its implementations and the data.
function groupList(pairs) {
  const nameItem = ([name, own]) =>
    h("li", {}, nameTag(name), ": ", listOf(unique(own.map(([, cell]) => cell.place)), 4));
  const item = ([text, own]) => {
    const names = groupBy(own, ([, cell]) => cell.implementation);
    return h("li", {}, h("span", {}, text), h("ul", { class: "reasons" }, [...names].map(nameItem)));
  };
  return h("ul", { class: "groups" }, [...groupBy(pairs, ([text]) => text)].map(item));
}

function flagSection(cells) {
  const flagged = cells.filter((cell) => cell.flag).map((cell) => [cell.flag, cell]);
  const over = cells.filter((cell) => isTimed(cell) && isOverThreads(cell));
  const pairs = [...flagged, ...over.map((cell) => [OVER_THREADS, cell])];
  return pairs.length ? groupList(pairs) : h("p", {}, "None.");
}

const DIGITS = /-?\d[\d.,]*(e[+-]?\d+)?/g;

// The reason of each cell: those that differ in their numbers alone stand together, by the first.
function commonReasons(cells) {
  const kindOf = (cell) => cell.reason.replace(DIGITS, "#");
  const kinds = groupBy(cells, kindOf);
  return (cell) => {
    const [first, ...more] = unique(kinds.get(kindOf(cell)).map(({ reason }) => reason));
    return (first || "no reason is known") + (more.length ? ` (and ${more.length} with other numbers)` : "");
  };
}

function withoutValue(cells) {
  const gone = cells.filter((cell) => cell.state !== "ok");
  const reason = commonReasons(gone);
  const kinds = [...groupBy(gone, (cell) => cell.state)].sort(([a], [b]) => byName(a, b));
  return kinds.flatMap(([kind, own]) =>
    [h("h4", {}, `${kind} (${own.length})`), groupList(own.map((cell) => [reason(cell), cell]))]);
}

// Single values that a cell lacks although it has a time.
function partlyMissing(cells) {
  const text = ([metric, reason]) => `${DATA.metrics[metric]?.label || metric}: ${reason || "not measured"}`;
  const ok = cells.filter((cell) => cell.state === "ok");
  const pairs = ok.flatMap((cell) => Object.entries(cell.reasons).map((each) => [text(each), cell]));
  if (!pairs.length) return [];
  return [
    h("h4", {}, `Single values of timed ones (${pairs.length})`),
    h("details", {}, h("summary", {}, "show"), groupList(pairs)),
  ];
}

function meaningsTable() {
  const words = (name) => h("span", { class: "words" }, MEANINGS[name] || "");
  const row = ([name, { label, unit }]) => [h("span", {}, label), unit || "number", words(name)];
  return tableOf(["value", "unit", "meaning"], Object.entries(DATA.metrics).map(row));
}

view({
  id: "measured", title: "How it was measured", order: 70,
  draw(root) {
    const cells = ofProblem(state);
    const gone = [...withoutValue(cells), ...partlyMissing(cells)];
    root.append(...[
      h("h2", {}, "How it was measured"), hint(MEASURED_HINT),
      h("h3", {}, "Machine"), machineFacts(),
      h("h3", {}, `Rounds, ${state.problem}`), roundsSection(cells),
      h("h3", {}, `Noise, ${state.problem}`), ...chanceSection(cells),
      h("h3", {}, "Not to be trusted"), flagSection(cells),
      h("h3", {}, "Without a value"), ...(gone.length ? gone : [h("p", {}, "Everything has a value.")]),
      h("h3", {}, "What each number means"), meaningsTable(),
    ].flat());
  },
});
