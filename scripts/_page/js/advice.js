// Advice for a shape, by the rules of scripts/_advice: what is expected there, and in which order.

const LEAST_SECONDS = 1e-9, LEAST_BYTES = 1; // logarithms of 0 have no mean

// The mean of the logarithms; values below `least` count as that.
function between(values, shares, least = 0) {
  if (values.length === 1) return values[0];
  if (!values.every(known)) return null;
  const logs = values.map((value) => Math.log10(Math.max(value, least)));
  const mean = logs.reduce((sum, log, i) => sum + shares[i] * log, 0);
  return Math.min(Math.max(10 ** mean, Math.min(...values)), Math.max(...values));
}

function growthOf(place, sizes, nValues) {
  if (place.kind !== "outside") return 1;
  const logs = sizes.map(([n, d]) => Math.log10(n) + Math.log10(d));
  const nearest = logs.reduce((sum, log, i) => sum + place.shares[i] * log, 0);
  return Math.max(1, 10 ** (Math.log10(nValues) - nearest));
}

function estimate(rows, place, growth) {
  const at = (key, least = 0) => between(rows.map((row) => row[key]), place.shares, least);
  const grown = (value) => (known(value) ? value * growth : null);
  const [{ implementation, family }] = rows;
  return {
    implementation, family, speed_up: at("speed_up"),
    seconds: grown(at("time")), low: grown(at("time_low")), high: grown(at("time_high")),
    prepare: grown(at("prepare", LEAST_SECONDS)), workspace: grown(at("workspace", LEAST_BYTES)),
    error: Math.max(...rows.map((row) => (known(row.error) ? row.error : row.worst))),
  };
}

const costOf = (choice, calls) => choice.seconds + (calls ? choice.prepare / calls : 0);

// What decides a tie: no further library, then less workspace.
function bySimplicity(a, b) {
  const room = (choice) => (known(choice.workspace) ? choice.workspace : Infinity);
  const byRoom = room(a) === room(b) ? 0 : room(a) - room(b);
  return isLibrary(a) - isLibrary(b) || byRoom || byName(a.implementation, b.implementation);
}

// The choices, the best first; who costs up to `band` more than the cheapest ties with it.
function rank(choices, band, calls) {
  const byCost = (a, b) => costOf(a, calls) - costOf(b, calls) || byName(a.implementation, b.implementation);
  const sorted = [...choices].sort(byCost);
  const [cheapest] = sorted;
  const ties = sorted.filter((choice) => costOf(choice, calls) <= costOf(cheapest, calls) * (1 + band));
  return { cheapest, ties, choices: [...[...ties].sort(bySimplicity), ...sorted.slice(ties.length)] };
}

// The choices for a shape, the best first; null if nothing was measured.
function advise(n, d, calls) {
  const mesh = DATA.meshes.find((each) => isOf(each, state));
  if (!mesh) return null;
  const place = placeOf(mesh, n, d);
  const sizes = place.corners.map((corner) => mesh.sizes[corner]);
  const cells = bySize(ofProblem(state).filter((cell) => !cell.dataset));
  const corners = sizes.map((size) => cells.get(sizeText(...size)));
  const band = Math.max(...corners.map(([cell]) => cell.tie_band));
  const chances = corners.map(([cell]) => cell.chance_band);
  const chance = chances.every(known) ? Math.max(...chances) : 0;
  const choices = estimates(corners, place, growthOf(place, sizes, n * d), calls);
  return { place, sizes, chance, ...rank(choices, band, calls) };
}

function estimates(corners, place, growth, calls) {
  const rowOf = (own, name) => own.find((cell) => cell.implementation === name && isTimed(cell));
  const rows = namesOf(corners.flat()).map((name) => corners.map((own) => rowOf(own, name)));
  const complete = rows.filter((own) => own.every(Boolean) && isChosen(own[0], state));
  const choices = complete.map((own) => estimate(own, place, growth));
  return choices.filter((choice) => !calls || known(choice.prepare));
}

function rankReason(choice, advice, calls) {
  const { cheapest, ties, chance, choices: [first] } = advice;
  const times = (a, b) => costOf(a, calls) / costOf(b, calls);
  if (choice === cheapest && choice === first) return "fastest";
  if (choice === cheapest)
    return `${percent(times(first, choice) - 1)} faster than ${first.implementation}, which is a tie`;
  if (ties.includes(choice)) {
    const why = choice === first ? simplerText(choice, cheapest) : "";
    return `a tie with ${cheapest.implementation} within ${percent(times(choice, cheapest) - 1)}${why}`;
  }
  const counted = calls ? "time and preparation" : "time";
  const within = times(choice, cheapest) - 1 <= chance ? ", within chance" : "";
  return `${ratio(times(choice, first), 2)} the ${counted} of ${first.implementation}${within}`;
}

// Why the one is preferred to the other.
function simplerText(choice, other) {
  if (isLibrary(other) && !isLibrary(choice)) return ", needs no further library";
  return choice.workspace < other.workspace ? ", allocates less" : "";
}
