// Advice for a shape, by the rules of `scripts.recommend`: see scripts/_advice.

const FARTHEST = 10, MOST_BAND = 0.05, LEAST_BAND = 0.005, TOLERANCE = 1e-9;
const point = ([n, d]) => [Math.log10(n), Math.log10(d)];
const area = (a, b, c) => (b[0] - a[0]) * (c[1] - a[1]) - (c[0] - a[0]) * (b[1] - a[1]);

function barycentric(p, a, b, c) {
  const total = area(a, b, c);
  const ofB = area(a, p, c) / total, ofC = area(a, b, p) / total;
  return [1 - ofB - ofC, ofB, ofC];
}

function placed(kind, corners, weights, factor = 1) {
  const own = corners.map((corner, i) => [corner, weights[i]]).filter(([, weight]) => weight > TOLERANCE);
  const total = own.reduce((sum, [, weight]) => sum + weight, 0);
  return { kind, corners: own.map(([corner]) => corner), shares: own.map(([, weight]) => weight / total), factor };
}

// The nearest point of an edge, and its share of the way along it.
function project(p, a, b) {
  const along = [b[0] - a[0], b[1] - a[1]];
  const length = along[0] ** 2 + along[1] ** 2;
  const way = (p[0] - a[0]) * along[0] + (p[1] - a[1]) * along[1];
  const share = length ? Math.min(1, Math.max(0, way / length)) : 0;
  const at = [a[0] + share * along[0], a[1] + share * along[1]];
  return { share, at, distance: Math.hypot(p[0] - at[0], p[1] - at[1]) };
}

function placeOf(mesh, n, d) {
  const index = mesh.sizes.findIndex(([a, b]) => a === n && b === d);
  if (index >= 0) return placed("measured", [index], [1]);
  const p = point([n, d]), corner = (i) => point(mesh.sizes[i]);
  for (const triangle of mesh.triangles) {
    const weights = barycentric(p, ...triangle.map(corner));
    if (Math.min(...weights) >= -TOLERANCE) return placed("between", triangle, weights);
  }
  const found = mesh.edges.map((edge) => ({ edge, ...project(p, ...edge.map(corner)) }));
  const nearest = found.reduce((best, each) => (each.distance < best.distance ? each : best));
  const away = Math.max(Math.abs(p[0] - nearest.at[0]), Math.abs(p[1] - nearest.at[1]));
  const kind = nearest.distance <= TOLERANCE ? "between" : "outside";
  return placed(kind, nearest.edge, [1 - nearest.share, nearest.share], 10 ** away);
}

// The mean of the logarithms; values below `least` count as that.
function between(values, shares, least = 0) {
  if (values.length === 1) return values[0];
  if (!values.every(known)) return null;
  const mean = values.reduce((sum, value, i) => sum + shares[i] * Math.log10(Math.max(value, least)), 0);
  return Math.min(Math.max(10 ** mean, Math.min(...values)), Math.max(...values));
}

function growthOf(place, sizes, nValues) {
  if (place.kind !== "outside") return 1;
  const nearest = sizes.reduce((sum, [n, d], i) => sum + place.shares[i] * (Math.log10(n) + Math.log10(d)), 0);
  return Math.max(1, 10 ** (Math.log10(nValues) - nearest));
}

function estimate(rows, place, growth) {
  const at = (key, least = 0) => between(rows.map((row) => row[key]), place.shares, least);
  const times = (value) => (known(value) ? value * growth : null);
  return {
    implementation: rows[0].implementation, family: rows[0].family,
    seconds: times(at("time")), low: times(at("time_low")), high: times(at("time_high")), speed_up: at("speed_up"),
    prepare: times(at("prepare", 1e-9)), workspace: times(at("workspace", 1)),
    error: Math.max(...rows.map((row) => (known(row.error) ? row.error : row.worst))),
  };
}

const costOf = (choice, calls) => choice.seconds + (calls ? choice.prepare / calls : 0);

// Who takes up to so much more than the fastest ties with it.
function tieBand(baselines) {
  const chances = baselines.map(chanceOf).filter(known);
  return Math.min(Math.max(LEAST_BAND, chances.length ? Math.max(...chances) : MOST_BAND), MOST_BAND);
}

const bySimplicity = (a, b) => {
  const room = (choice) => (known(choice.workspace) ? choice.workspace : Infinity);
  return (a.family === "libraries") - (b.family === "libraries") || (room(a) < room(b) ? -1 : room(a) > room(b) ? 1 : 0) || (a.implementation < b.implementation ? -1 : 1);
};

// The choices for a shape, the best first; null if nothing was measured.
function advise(n, d, calls) {
  const mesh = DATA.meshes.find((each) => each.problem === state.problem && each.threads === state.threads);
  if (!mesh) return null;
  const place = placeOf(mesh, n, d);
  const sizes = place.corners.map((corner) => mesh.sizes[corner]);
  const own = ofProblem(state).filter((cell) => !cell.dataset);
  const rowsFor = (name) => sizes.map(([a, b]) => own.find((cell) => cell.implementation === name && cell.n_samples === a && cell.n_features === b));
  const growth = growthOf(place, sizes, n * d);
  const names = [...new Set(own.map((cell) => cell.implementation))].sort();
  const choices = names.map(rowsFor)
    .filter((rows) => rows.every((row) => row && isTimed(row)) && isChosen(rows[0], state))
    .map((rows) => estimate(rows, place, growth)).filter((choice) => !calls || known(choice.prepare));
  choices.sort((a, b) => costOf(a, calls) - costOf(b, calls) || (a.implementation < b.implementation ? -1 : 1));
  const band = tieBand(rowsFor(BASELINE));
  const most = choices.length ? costOf(choices[0], calls) * (1 + band) : 0;
  const ties = choices.filter((choice) => costOf(choice, calls) <= most).sort(bySimplicity);
  return { place, sizes, band, cheapest: choices[0], ties, choices: [...ties, ...choices.slice(ties.length)] };
}

function reasonOf(choice, advice, calls) {
  const [first] = advice.choices, { cheapest, ties } = advice;
  const over = costOf(choice, calls) / costOf(cheapest, calls) - 1;
  if (choice === cheapest) return choice === first ? "fastest" : `${percent(costOf(first, calls) / costOf(choice, calls) - 1)} faster than ${first.implementation}, which is a tie`;
  if (ties.includes(choice)) {
    const simpler = choice !== first ? "" : cheapest.family === "libraries" && choice.family !== "libraries" ? ", needs no further library" : choice.workspace < cheapest.workspace ? ", allocates less" : "";
    return `a tie with ${cheapest.implementation} within ${percent(over)}${simpler}`;
  }
  return `${ratio(costOf(choice, calls) / costOf(first, calls), 2)} the ${calls ? "time and preparation" : "time"} of ${first.implementation}`;
}

function howKnown({ place, sizes }) {
  const texts = sizes.map(([n, d]) => sizeText(n, d));
  if (place.kind === "measured") return "Measured at this very size.";
  const near = texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : texts[0];
  return place.kind === "between" ? `Interpolated between ${near}.` : `Extrapolated ${ratio(place.factor, 2)} beyond ${near}: uncertain.`;
}

function adviceText(n, d, calls) {
  const command = `python -m scripts.recommend ${n} ${d} --problem ${state.problem} --measure`;
  const measure = [" Measure it: ", h("code", {}, command)];
  const advice = advise(n, d, calls);
  if (!advice || !advice.choices.length) return h("p", {}, "Nothing that was measured around this shape is exact enough.", measure);
  if (advice.place.factor > FARTHEST) return h("p", {}, `${sizeText(n, d)} is ${ratio(advice.place.factor, 2)} beyond what was measured: no advice.`, measure);
  const item = (choice) => h("li", { "data-advised": choice.implementation, "data-seconds": choice.seconds },
    nameTag(choice.implementation), " ", h("b", {}, seconds(choice.seconds)), ` ${known(choice.low) ? `(${interval(choice.low, choice.high, seconds)})` : ""}`,
    h("small", {}, `${reasonOf(choice, advice, calls)}; workspace ${nBytes(choice.workspace)}, error ${errorText(choice.error)}${calls ? `, preparation ${seconds(choice.prepare)}` : ""}`));
  return [h("ol", {}, advice.choices.slice(0, 3).map(item)), h("p", { class: "hint" }, howKnown(advice), advice.place.kind === "measured" ? "" : measure)];
}

const wholeNumber = (text) => (/^\d{1,15}$/.test(text) && Number(text) >= 1 ? Number(text) : null);

function adviceForm() {
  const field = (key, label, hint) => h("label", {}, label, h("input", { type: "number", min: 1, step: 1, value: state[key], placeholder: hint, "data-field": key, oninput: (event) => answer({ [key]: event.target.value }) }));
  const out = h("output", { class: "answer", "aria-live": "polite" });
  const answer = (changes) => {
    Object.assign(state, changes);
    history.replaceState(null, "", address());
    const [n, d] = [state.n, state.d].map(wholeNumber);
    if (n && d) out.replaceChildren(...[adviceText(n, d, wholeNumber(state.calls))].flat());
    else out.replaceChildren(h("p", { class: "hint" }, state.n || state.d ? "Whole numbers from 1 on are expected for both." : "Type the shape of your data for the advice of three."));
  };
  const form = h("form", { class: "advice", onsubmit: (event) => event.preventDefault() }, field("n", "samples", "50000"), field("d", "features", "300"), field("calls", "calls", "any"), out);
  answer({});
  return form;
}
