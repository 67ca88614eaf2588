// The columns that tables of cells share: what each says, how it is shown, and what it is sorted by.

const columnOf = (label, key, meaning, show, valueOf = (cell) => cell[key]) =>
  ({ label, key, meaning, show, valueOf });
const withSmall = (text, small) => [text, h("small", {}, small)];

const OVER_THREADS = "CPU time / wall time is above the threads that were allowed: " +
  "threads beside them were at work, or the clock of CPU time is coarse.";

function fasterText(cell) {
  const spread = interval(cell.speed_up_low, cell.speed_up_high, ratio);
  return withSmall(ratio(cell.faster), state.base === BASELINE ? spread : "");
}

function breakEvenText(cell) {
  const calls = cell.break_even;
  if (known(calls)) return calls > 1 ? `${whole(calls)} calls` : "the first call";
  const mayPay = isTimed(cell) && cell.implementation !== BASELINE;
  return h("small", { title: cell.reasons.break_even || "" }, mayPay ? "never" : NONE);
}

// Above its threads by more than the clocks are off.
const MOST_OVER = 0.1;
const isOverThreads = (cell) => cell.processors > countOf(cell.threads) + MOST_OVER;

function busyText(cell) {
  const text = processorsText(cell.processors);
  if (!isOverThreads(cell)) return text;
  const over = `above its ${plural(countOf(cell.threads), "thread")}`;
  return [text, h("small", { class: "flag", title: OVER_THREADS }, over)];
}

const CONTENDER_COLUMNS = [
  columnOf("time", "time", "Median of one gradient on prepared inputs, and its 95 % interval",
    (cell) => withSmall(seconds(cell.time), interval(cell.time_low, cell.time_high, seconds))),
  columnOf("times as fast", "faster",
    "Over what is chosen as relative to, in the same rounds where it is the baseline", fasterText),
  columnOf("error", "error", "Largest error of a component, relative to the sum of the absolute terms",
    (cell) => errorText(cell.error)),
  columnOf("workspace", "workspace", "Bytes that one call allocates, its result included",
    (cell) => nBytes(cell.workspace)),
  columnOf("peak", "peak", "Resident memory that one call adds to its process", (cell) => nBytes(cell.peak)),
  columnOf("prepare", "prepare", "Once per data set: checks, casts, a change of layout",
    (cell) => withSmall(seconds(cell.prepare), known(cell.prepared) ? nBytes(cell.prepared) : "")),
  columnOf("pays from", "break_even",
    "Calls from which preparation and gradients together take less than the baseline's", breakEvenText),
  columnOf("of the roof", "roof_fraction",
    "Compulsory traffic / time / bandwidth of a pure read of X in the same rounds",
    (cell) => percent(cell.roof_fraction)),
  columnOf("CPU / wall", "processors", "Processors that are busy during a call",
    (cell) => busyText(cell)),
];

// Times as fast as what is chosen, which is no value of the rows.
function addFaster(cells) {
  for (const own of bySize(cells).values())
    for (const cell of own) cell.faster = isTimed(cell) ? speedUp(cell, own, state.base) : null;
}

function verdictText(cell) {
  return [
    h("b", {}, cell.limit), cell.why ? `: ${cell.why}` : "",
    cell.help ? h("small", {}, `Would help: ${cell.help}`) : "",
    cell.flag ? h("small", { class: "flag" }, `Not to be trusted: ${cell.flag}`) : "",
  ];
}
