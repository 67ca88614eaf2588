// A cell opened: all contenders on one set of data, and the command that measures it again.

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function commandOf(cell) {
  const where = cell.dataset ? `'${cell.dataset}'` : `, ${cell.n_samples}, ${cell.n_features}\\)`;
  const threads = cell.threads === "all" ? "" : ` --threads ${cell.threads}`;
  return `python -m scripts.run --again --problem ${cell.problem} --bench ${quoted(where)}${threads}`;
}

// Its history in asv's pages, which a browser shows only if they are served.
function historyLink(cell) {
  if (!location.protocol.startsWith("http")) return "";
  const chosen = new URLSearchParams({ "p-implementation": `'${cell.implementation}'` });
  if (cell.dataset) chosen.set("p-dataset", `'${cell.dataset}'`);
  else for (const key of ["n_samples", "n_features"]) chosen.set(`p-${key}`, cell[key]);
  const page = `${cell.dataset ? "datasets" : "gradient"}.${cell.problem}.track_time`;
  return h("a", { class: "history", href: `${DATA.history}#${page}?${chosen}` }, "history");
}

const CONTENDER_COLUMNS = [
  ["time", "time", "Median of one gradient on prepared inputs, and its 95 % interval", (c) => c.time, (c) => [seconds(c.time), h("small", {}, interval(c.time_low, c.time_high, seconds))]],
  ["times as fast", "faster", "Over what is chosen as relative to, in the same rounds where it is the baseline", (c) => c.faster, (c) => [ratio(c.faster), h("small", {}, state.base === BASELINE ? interval(c.speed_up_low, c.speed_up_high, ratio) : "")]],
  ["error", "error", "Largest error of a component, relative to the sum of the absolute terms", (c) => c.error, (c) => errorText(c.error)],
  ["workspace", "workspace", "Bytes that one call allocates, its result included", (c) => c.workspace, (c) => nBytes(c.workspace)],
  ["peak", "peak", "Resident memory that one call adds to its process", (c) => c.peak, (c) => nBytes(c.peak)],
  ["prepare", "prepare", "Once per data set: checks, casts, a change of layout", (c) => c.prepare, (c) => [seconds(c.prepare), h("small", {}, known(c.prepared) ? nBytes(c.prepared) : "")]],
  ["pays from", "break_even", "Calls from which preparation and gradients together take less than the baseline's", (c) => c.break_even, (c) => (known(c.break_even) ? `${whole(c.break_even)} calls` : h("small", { title: c.reasons.break_even || "" }, "never"))],
  ["of the roof", "roof_fraction", "Compulsory traffic / time / bandwidth of a pure read of X in the same rounds", (c) => c.roof_fraction, (c) => percent(c.roof_fraction)],
  ["CPU / wall", "processors", "Processors that are busy during a call", (c) => c.processors, (c) => (known(c.processors) ? plain(c.processors) : NONE)],
];

function verdictText(cell) {
  return [h("b", {}, cell.limit), cell.why ? `: ${cell.why}` : "", cell.help ? h("small", {}, `Would help: ${cell.help}`) : "", cell.flag ? h("small", { class: "flag" }, `Not to be trusted: ${cell.flag}`) : ""];
}

function contenderRow(cell) {
  const values = CONTENDER_COLUMNS.map(([, , , , show]) => h("td", { class: "number" }, show(cell)));
  const usable = isChosen(cell, state);
  return h("tr", { class: usable ? "" : "outside", title: usable ? "" : "outside the chosen precision or libraries" },
    h("th", { scope: "row" }, nameTag(cell.implementation), " ", historyLink(cell)), values, h("td", { class: "verdict" }, verdictText(cell)));
}

function openedCell(place) {
  const cells = ofProblem(state).filter((cell) => cell.place === place);
  if (!cells.length) return h("section", { class: "cell" }, h("p", {}, `${place} was not measured for ${state.problem}.`));
  for (const cell of cells) cell.faster = speedUp(cell, cells, state.base);
  const timed = cells.filter(isTimed).sort((a, b) => a.time - b.time);
  const others = cells.filter((cell) => !isTimed(cell));
  const roof = cells.find((cell) => known(cell.read_roof) && cell.bytes_per_value === 8);
  const band = chanceOf(baselineOf(cells));
  const command = commandOf(cells[0]);
  return h("section", { class: "cell", id: "cell", tabindex: "-1", "aria-label": `All contenders at ${place}` },
    h("h3", {}, `${state.problem}, ${place}`),
    h("p", { class: "hint" }, [
      roof ? `A pure read of X takes ${gigabytes(roof.read_roof)}. ` : "",
      known(band) ? `Two equal implementations differ by up to ${percent(band)} here. ` : "",
      "Pale rows are outside the chosen precision or libraries.",
    ]),
    h("div", { class: "scroll" }, h("table", { class: "contenders" },
      h("thead", {}, h("tr", {}, h("th", {}, "implementation"), CONTENDER_COLUMNS.map(([label, , meaning]) => h("th", { scope: "col" }, term(label, meaning))), h("th", { scope: "col" }, "what limits it"))),
      h("tbody", {}, timed.map(contenderRow)))),
    others.length ? [h("h4", {}, "Without a time"), h("ul", { class: "reasons" }, others.map((cell) => h("li", {}, nameTag(cell.implementation), ` ${cell.state}: ${cell.reason}`)))] : [],
    h("p", {}, "Measure it again: ", h("code", {}, command), " ", h("button", { type: "button", class: "quiet", onclick: () => navigator.clipboard?.writeText(command) }, "copy")),
    location.protocol === "file:" ? h("p", { class: "hint" }, "History over commits: ", h("code", {}, "asv preview"), ", then Report.") : "",
    h("p", {}, h("button", { type: "button", class: "quiet", onclick: () => go({ cell: "" }) }, "close")));
}
