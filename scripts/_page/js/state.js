// What is shown, kept in the address, so that a link shows the same.

const DEFAULTS = {
  view: "which", problem: PROBLEMS[0], threads: THREADS.includes("all") ? "all" : THREADS[0],
  error: "1e-12", libraries: true, base: BASELINE, metric: "time",
  n: "", d: "", calls: "", cell: "", show: "", fixed: "n_features", at: "", relative: "", size: "", filter: "", sort: "",
};
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
    if (!(key in DEFAULTS)) continue;
    if (key === "libraries") next.libraries = value !== "0";
    else if (!ALLOWED[key] || ALLOWED[key]().includes(value)) next[key] = value;
  }
  state = next;
}

function address(changes = {}) {
  const next = { ...state, ...changes };
  const changed = Object.entries(next).filter(([key, value]) => value !== DEFAULTS[key]);
  return "#" + new URLSearchParams(changed.map(([key, value]) => [key, value === true ? "1" : value === false ? "0" : value]));
}

// A step in the history for a new view or cell; typing and switches replace the present one.
function go(changes, { step = false } = {}) {
  const to = address(changes);
  if (step) history.pushState(null, "", to);
  else history.replaceState(null, "", to);
  readAddress();
  draw();
}

const shown = () => new Set(state.show ? state.show.split(",") : []);
