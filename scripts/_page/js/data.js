// The measured cells as objects, and what is chosen of them.

const DATA = JSON.parse(byId("data").textContent);
const BASELINE = DATA.baseline;

function rowsOf(columns) {
  const names = Object.keys(columns);
  const values = names.map((name) => {
    const column = columns[name];
    return column.codes ? column.codes.map((code) => column.texts[code]) : column;
  });
  return (values[0] || []).map((_, i) => Object.fromEntries(names.map((name, j) => [name, values[j][i]])));
}

const CELLS = rowsOf(DATA.cells);
const TRAININGS = rowsOf(DATA.trainings);
for (const cell of CELLS) {
  cell.reasons = {};
  cell.place = cell.dataset || sizeText(cell.n_samples, cell.n_features);
  cell.effective = known(cell.time) && known(cell.compulsory_bytes) ? cell.compulsory_bytes / cell.time / 1e9 : null;
}
for (const [i, reasons] of DATA.reasons) CELLS[i].reasons = reasons;

const PROBLEMS = [...new Set(CELLS.map((cell) => cell.problem))];
const THREADS = [...new Set(CELLS.map((cell) => cell.threads))];
const PRECISIONS = [["1e-12", "exact to float64 (1e-12)"], ["1e-6", "6 digits (1e-6)"], ["1e-5", "exact to float32 (1e-5)"], ["1e-3", "3 digits (1e-3)"], ["any", "any error"]];
// What an implementation may state as its RTOL to count as exact to a tolerance.
const PROMISED = [[1e-12, 1e-9], [1e-5, 1e-4]];

function isExact(cell, maxError) {
  if (maxError === "any") return true;
  const most = Number(maxError);
  const promised = (PROMISED.find(([tolerance]) => most <= tolerance) || [0, most])[1];
  return known(cell.worst) && cell.worst <= most && cell.rtol <= Math.max(promised, most);
}

const ofProblem = (state) => CELLS.filter((cell) => cell.problem === state.problem && cell.threads === state.threads);
const isChosen = (cell, state) =>
  isExact(cell, state.error) && (state.libraries || cell.family !== "libraries");
const isTimed = (cell) => cell.state === "ok" && known(cell.time);

function bySize(cells) {
  const found = new Map();
  for (const cell of cells) {
    if (!found.has(cell.place)) found.set(cell.place, []);
    found.get(cell.place).push(cell);
  }
  return found;
}

// How many times as fast as another: from the same rounds for the baseline, else by the medians.
function speedUp(cell, others, base) {
  if (base === BASELINE) return cell.speed_up;
  const other = others.find((each) => each.implementation === base && isTimed(each));
  return other && known(cell.time) ? other.time / cell.time : null;
}

// How far the baseline and its twin differ in a cell, by chance; null if that was not measured.
function chanceOf(cell) {
  if (!cell || !known(cell.chance)) return null;
  if (known(cell.chance_low) && known(cell.chance_high)) return Math.max(cell.chance_high, 1 / cell.chance_low) - 1;
  return Math.abs(cell.chance - 1);
}

const baselineOf = (cells) => cells.find((cell) => cell.implementation === BASELINE);

// Names, those first that win most: of each set of data the k-th fastest gets 1/k.
function byWins(cells) {
  const points = new Map(cells.map((cell) => [cell.implementation, 0]));
  for (const own of bySize(cells.map((cell) => ({ ...cell, place: `${cell.problem} ${cell.threads} ${cell.place}` }))).values()) {
    own.filter(isTimed).sort((a, b) => a.time - b.time)
      .forEach(({ implementation }, i) => points.set(implementation, points.get(implementation) + 1 / (1 + i)));
  }
  return [...points.keys()].sort((a, b) => points.get(b) - points.get(a) || (a < b ? -1 : 1));
}

// A colour and a dash of its own for each name, whatever is shown.
const LOOKS = new Map(byWins(CELLS).map((name, i) => [name, { colour: i % 8, dash: Math.floor(i / 8) % 4, rank: i }]));

// What the map can choose the least of, with its text.
const MAP_METRICS = [
  ["time", "time", seconds], ["workspace", "workspace", nBytes], ["peak", "peak", nBytes],
  ["prepare", "preparation", seconds], ["error", "error", errorText],
];

const CACHES = Object.entries(DATA.facts.cache_bytes || {}).map(([level, bytes]) => ({ level: `L${level}`, bytes: Number(bytes) }));
