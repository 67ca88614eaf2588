// The measured cells as objects, and what is chosen of them.

// By machine; a report of one has no name for it.
const PAGE = JSON.parse(byId("data").textContent);
const MACHINES = new Map(PAGE.machines ?? [["", PAGE]]);
const NOTES = PAGE.notes ?? [];
const hasMachines = MACHINES.size > 1;

const repeated = (code) => (code.length ? Array(code[1]).fill(code[0]) : code);

function rowsOf(columns) {
  const names = Object.keys(columns);
  const values = names.map((name) => {
    const column = columns[name];
    return column.codes ? column.codes.flatMap(repeated).map((code) => column.values[code]) : column;
  });
  return (values[0] || []).map((_, i) => Object.fromEntries(names.map((name, j) => [name, values[j][i]])));
}

function cellsOf(data) {
  const reasons = rowsOf(data.reasons);
  return rowsOf(data.cells).map((cell, i) => {
    const moved = known(cell.time) && known(cell.compulsory_bytes);
    return {
      ...cell, place: cell.dataset || sizeText(cell.n_samples, cell.n_features),
      effective: moved ? cell.compulsory_bytes / cell.time / 1e9 : null,
      reasons: Object.fromEntries(Object.entries(reasons[i] ?? {}).filter(([, why]) => why !== null)),
    };
  });
}

// What belongs to the machine that is chosen; `useMachine` changes all of it.
let machine, DATA, CELLS, LOSSES, TRAININGS, PROBLEMS, THREADS, CACHES;
const CELLS_OF = new Map([...MACHINES].map(([name, data]) => [name, cellsOf(data)]));

function useMachine(name) {
  if (name === machine) return;
  machine = name;
  DATA = MACHINES.get(name);
  CELLS = CELLS_OF.get(name);
  LOSSES = DATA.losses;
  TRAININGS = rowsOf(DATA.trainings);
  PROBLEMS = DATA.problems;
  THREADS = unique(CELLS.map((cell) => cell.threads));
  CACHES = Object.entries(DATA.facts.cache_bytes || {})
    .map(([level, bytes]) => ({ level: `L${level}`, bytes: Number(bytes) }));
}

const unique = (values) => [...new Set(values)];
const [FIRST_MACHINE] = MACHINES.keys();
useMachine(FIRST_MACHINE);
const BASELINE = DATA.baseline;
const countOf = (threads) => (threads === "all" ? DATA.n_threads : Number(threads));
const PRECISIONS = [
  ["1e-12", "exact to float64 (1e-12)"], ["1e-6", "6 digits (1e-6)"], ["1e-5", "exact to float32 (1e-5)"],
  ["1e-3", "3 digits (1e-3)"], ["any", "any error"],
];

function isExact(cell, maxError) {
  if (maxError === "any") return true;
  const most = Number(maxError);
  const promised = (DATA.rules.promised.find(([tolerance]) => most <= tolerance) || [0, most])[1];
  return known(cell.worst) && cell.worst <= most && cell.rtol <= Math.max(promised, most);
}

const isOf = (cell, { problem, threads }) => cell.problem === problem && cell.threads === threads;
const ofProblem = (state) => CELLS.filter((cell) => isOf(cell, state));
const isLibrary = (cell) => cell.family === DATA.rules.library;
// Blocks of rows are for an X that is not in memory.
const isForMemory = (cell) => cell.family !== DATA.rules.blocks;
const isChosen = (cell, state) =>
  isForMemory(cell) && isExact(cell, state.error) && (state.libraries || !isLibrary(cell));
const isTimed = (cell) => cell.state === "ok" && known(cell.time);

// Names by their code points, as Python sorts them.
function byName(a, b) {
  let i = 0;
  while (i < a.length && a[i] === b[i]) i++;
  return (a.codePointAt(i) ?? -1) - (b.codePointAt(i) ?? -1);
}

const namesOf = (cells) => unique(cells.map((cell) => cell.implementation)).sort(byName);

function groupBy(items, keyOf) {
  const found = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  return found;
}

const bySize = (cells) => groupBy(cells, (cell) => cell.place);

// How many times as fast as another: from the same rounds for the baseline, else by the medians.
function speedUp(cell, others, base) {
  if (base === BASELINE) return cell.speed_up;
  const other = others.find((each) => each.implementation === base && isTimed(each));
  return other && known(cell.time) ? other.time / cell.time : null;
}

const baselineOf = (cells) => cells.find((cell) => cell.implementation === BASELINE);

// Times of two machines are never compared.
const contestOf = ({ machine = "", problem, threads, place }) =>
  JSON.stringify([machine, problem, threads, place]);

// Names, those first that win most: of each set of data the k-th fastest gets 1/k.
function byWins(cells) {
  const points = new Map(cells.map((cell) => [cell.implementation, 0]));
  const contests = groupBy(cells.filter(isTimed), contestOf);
  for (const own of contests.values()) {
    own.sort((a, b) => a.time - b.time);
    for (const [i, { implementation: name }] of own.entries())
      points.set(name, points.get(name) + 1 / (1 + i));
  }
  return [...points.keys()].sort((a, b) => points.get(b) - points.get(a) || byName(a, b));
}

// The names in turns, of each problem the next by wins: what stands on one chart gets colours far apart.
function leaders(cells) {
  const lists = [...groupBy(cells, (cell) => cell.problem).values()].map(byWins);
  const longest = Math.max(0, ...lists.map((names) => names.length));
  return Array.from({ length: longest }, (_, i) => lists.map((names) => names[i])).flat().filter(Boolean);
}

const isStrict = (cell) => isExact(cell, PRECISIONS[0][0]);

// A colour of its own for each name, whatever is shown, and another dash after every eight.
const N_COLOURS = 32; // in colours.css
const lookOfRank = (rank) => ({ colour: rank % N_COLOURS, dash: Math.floor(rank / 8) % 4, rank });
const EVERY_CELL = [...CELLS_OF].flatMap(([name, cells]) =>
  cells.map((cell) => ({ ...cell, machine: name })));
const LOOKS = new Map(unique([...leaders(EVERY_CELL.filter(isStrict)), ...leaders(EVERY_CELL)])
  .map((name, i) => [name, lookOfRank(i)]));

// What the map can choose the least of, with its text.
const MAP_METRICS = [
  ["time", "time", seconds], ["workspace", "workspace", nBytes], ["peak", "peak", nBytes],
  ["prepare", "preparation", seconds], ["error", "error", errorText],
];
