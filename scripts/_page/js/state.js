// What is shown, kept in the address, so that a link shows the same.

const DEFAULTS = {
  view: "which", problem: PROBLEMS[0], threads: THREADS.includes("all") ? "all" : THREADS[0],
  error: "1e-12", libraries: true, base: DATA.base, metric: "time",
  n: "", d: "", calls: "", cell: "", show: "", fixed: "n_features", at: "", relative: "", size: "",
  filter: "", sort: "",
};
// The rest is looked up where it is used, and counts as not given if it is not found.
const ALLOWED = {
  problem: () => PROBLEMS, threads: () => THREADS, error: () => PRECISIONS.map(([key]) => key),
  view: () => VIEWS.map((view) => view.id), metric: () => MAP_METRICS.map(([key]) => key),
  fixed: () => ["n_features", "n_samples"], relative: () => ["", "1"],
};
const VIEWS = [];
let state = { ...DEFAULTS };

const view = (definition) => VIEWS.push(definition);

function readAddress() {
  const given = new URLSearchParams(location.hash.replace(/^#/, ""));
  const next = { ...DEFAULTS };
  for (const [key, value] of given) {
    if (!Object.hasOwn(DEFAULTS, key)) continue;
    if (key === "libraries") next.libraries = value !== "0";
    else if (!ALLOWED[key] || ALLOWED[key]().includes(value)) next[key] = value;
  }
  state = { ...next, base: knownBase(next) };
}

// What speed-ups can be relative to.
const baseNames = (state) => namesOf(ofProblem(state).filter(isTimed));

function knownBase(state) {
  const names = baseNames(state);
  return [state.base, DATA.base, BASELINE].find((name) => names.includes(name)) ?? names[0] ?? BASELINE;
}

function address(changes = {}) {
  const next = { ...state, ...changes };
  const changed = Object.entries(next).filter(([key, value]) => value !== DEFAULTS[key]);
  const text = (value) => (typeof value === "boolean" ? String(Number(value)) : value);
  return "#" + new URLSearchParams(changed.map(([key, value]) => [key, text(value)]));
}

// A step in the history for a new view or cell; typing and switches replace the present one.
function go(changes, { step = false } = {}) {
  const to = address(changes);
  if (step) history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  readAddress();
  draw();
}

// Names in one text, apart by commas, which a name may hold too.
const packed = (name) => name.replaceAll("%", "%25").replaceAll(",", "%2C");
const unpacked = (text) => text.replaceAll("%2C", ",").replaceAll("%25", "%");
const joined = (names) => [...names].map(packed).join(",");
const shown = () => new Set(state.show ? state.show.split(",").map(unpacked) : []);
