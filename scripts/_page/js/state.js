// What is shown, kept in the address, so that a link shows the same.

const DEFAULTS = {
  machine: FIRST_MACHINE, view: "which",
  problem: PROBLEMS[0], threads: THREADS.includes("all") ? "all" : THREADS[0],
  error: "1e-12", libraries: true, base: DATA.base, metric: "time",
  n: "", d: "", calls: "", cell: "", show: "", fixed: "n_features", at: "", relative: "", size: "",
  filter: "", sort: "",
};
const ALLOWED = {
  machine: () => [...MACHINES.keys()],
  problem: () => PROBLEMS, threads: () => THREADS, error: () => PRECISIONS.map(([key]) => key),
  view: () => shownViews().map((view) => view.id), libraries: () => ["0", "1"],
  metric: () => MAP_METRICS.map(([key]) => key),
  fixed: () => ["n_features", "n_samples"], relative: () => ["", "1"],
};
// What can be chosen once these are; texts that are typed are free.
const MEASURED = {
  cell: (to) => placesOf(ofProblem(to)), size: (to) => placesOf(ofProblem(to)),
  at: (to) => unique(ofProblem(to).map((cell) => String(cell[to.fixed]))),
  base: (to) => [...baseNames(to), DEFAULTS.base],
  sort: () => VIEWS.flatMap(({ sorts = [] }) => sorts.flatMap((key) => [key, `-${key}`])),
};
const VIEWS = [];
const shownViews = () => VIEWS.filter((each) => hasMachines || !each.ofMachines);
let state = { ...DEFAULTS };
let refused = []; // what the address asks for and is not there: [key, value]

const view = (definition) => VIEWS.push(definition);

// The machine that an address asks for, with what is shown of it at first.
function readMachine(given) {
  const asked = given.get("machine");
  useMachine(MACHINES.has(asked) ? asked : FIRST_MACHINE);
  DEFAULTS.problem = PROBLEMS.includes(DEFAULTS.problem) ? DEFAULTS.problem : PROBLEMS[0];
  DEFAULTS.threads = THREADS.includes("all") ? "all" : THREADS[0];
}

// What is not there is left out, told, and corrected in the address.
function readAddress() {
  const given = new URLSearchParams(location.hash.replace(/^#/, ""));
  readMachine(given);
  const next = { ...DEFAULTS };
  refused = [];
  for (const [key, value] of given) {
    const isKnown = Object.hasOwn(DEFAULTS, key) && (!ALLOWED[key] || ALLOWED[key]().includes(value));
    if (!isKnown) refused.push([key, value]);
    else next[key] = key === "libraries" ? value !== "0" : value;
  }
  for (const [key, allowed] of Object.entries(MEASURED))
    if (next[key] !== DEFAULTS[key] && !allowed(next).includes(next[key])) {
      refused.push([key, next[key]]);
      next[key] = DEFAULTS[key];
    }
  state = { ...next, ...measuredNames(next), base: knownBase(next) };
  if (refused.length) history.replaceState(null, "", address());
}

// Of the names to colour, those that the problem has; a minus stands for none.
function measuredNames({ show, ...rest }) {
  const names = new Set(namesOf(ofProblem(rest)));
  const given = show ? show.split(",") : [];
  const isThere = (text) => text === "-" || names.has(unpacked(text));
  refused.push(...given.filter((text) => !isThere(text)).map((text) => ["show", unpacked(text)]));
  return { show: given.filter(isThere).join(",") };
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
