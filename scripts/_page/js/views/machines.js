// Several machines: who comes first on each. Every number is a ratio within one machine.

const MACHINES_HINT = "Each cell: the fastest on the machine, its speed-up over the machine's own " +
  "baseline, and its lead over the next there. Of those that tie, the one that needs no further library " +
  "comes first, then the one that allocates least. Times of two machines are not compared. " +
  "Press a cell for all contenders there.";
const FIRST_HINT = "Machines: those on which it comes first on most of their sets of data; several may be " +
  "even. Sets of data: those on which it comes first, over all machines.";

const namesOfMachines = [...MACHINES.keys()];
const cellsOn = (name) => CELLS_OF.get(name).filter((cell) => isOf(cell, state));
const gainText = (faster) => (known(faster) ? ratio(faster, 2) : NONE);

// By machine, and by set of data: what comes first there, or null.
function firstsOf() {
  return new Map(namesOfMachines.map((name) => {
    const sizes = bySize(cellsOn(name));
    return [name, new Map([...sizes].map(([place, own]) => [place, verdictOf(own, "time")]))];
  }));
}

// How often each comes first, on every machine.
function countsOf(firsts) {
  const counts = new Map();
  for (const [name, places] of firsts)
    for (const found of [...places.values()].filter(Boolean)) {
      const { implementation } = found.first;
      if (!counts.has(implementation)) counts.set(implementation, { gains: [], machines: new Map() });
      const own = counts.get(implementation);
      own.gains.push(found.faster);
      own.machines.set(name, (own.machines.get(name) ?? 0) + 1);
    }
  return counts;
}

// The machines on which nothing comes first more often.
function leadsOf(counts, implementation) {
  const most = (name) => Math.max(...[...counts.values()].map((each) => each.machines.get(name) ?? 0));
  const own = counts.get(implementation).machines;
  return [...own].filter(([name, n]) => n === most(name)).map(([name]) => name);
}

function spanText(gains) {
  const values = gains.filter(known);
  if (!values.length) return NONE;
  const [low, high] = [Math.min(...values), Math.max(...values)].map((value) => ratio(value, 2));
  return low === high ? low : `${low} to ${high}`;
}

function standingTable(firsts) {
  const counts = countsOf(firsts);
  const total = [...counts.values()].reduce((sum, { gains }) => sum + gains.length, 0);
  const rows = [...counts.keys()].map((name) =>
    ({ name, leads: leadsOf(counts, name), gains: counts.get(name).gains }));
  rows.sort((a, b) =>
    b.leads.length - a.leads.length || b.gains.length - a.gains.length || byName(a.name, b.name));
  const cells = rows.map(({ name, leads, gains }) => [
    nameTag(name), withSmall(`${leads.length} of ${namesOfMachines.length}`, leads.join(", ")),
    `${gains.length} of ${total}`, spanText(gains),
  ]);
  const over = `speed-up over ${state.base}`;
  const heads = ["comes first", "machines", "sets of data", over];
  return tableOf(heads, cells, "On how many machines each comes first");
}

function firstCell(name, place, found) {
  if (!found) return h("td", { class: "empty" }, found === null ? "none fits" : "not measured");
  const { first, faster, behind } = found;
  const big = gainText(faster);
  const onclick = () => go({ machine: name, view: "which", cell: place }, { step: true });
  const attributes = {
    type: "button", class: "winner", onclick, "data-place": `${name} ${place}`,
    "aria-label": [`${name}, ${place}: ${first.implementation}`, big, behind].join(", "),
  };
  const style = { "--colour": familyVariable(first.family), "--share": shareOf(faster) };
  return h("td", { style }, h("button", attributes,
    h("b", {}, first.implementation), h("span", { class: "big" }, big), h("small", {}, behind)));
}

// What comes first on most machines, and on how many of those that have measured these data.
function agreedText(firsts, place) {
  const found = [...firsts.values()].map((places) => places.get(place)).filter(Boolean);
  const groups = [...groupBy(found, ({ first }) => first.implementation)];
  const most = Math.max(0, ...groups.map(([, own]) => own.length));
  if (most <= 1 && found.length > 1) return "all differ";
  const names = groups.filter(([, own]) => own.length === most).map(([name]) => name).sort(byName);
  return most ? [h("b", {}, names.join(", ")), h("small", {}, `${most} of ${found.length}`)] : NONE;
}

function firstsTable(firsts) {
  const isSettled = (place) => namesOfMachines.some((name) => firsts.get(name).get(place));
  const places = placesOf(namesOfMachines.flatMap(cellsOn)).filter(isSettled);
  const row = (place) => h("tr", {}, h("th", { scope: "row" }, place),
    namesOfMachines.map((name) => firstCell(name, place, firsts.get(name).get(place))),
    h("td", { class: "agreed" }, agreedText(firsts, place)));
  const head = headRow(["data", ...namesOfMachines, "on most machines"]);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "First on each machine" },
    h("table", { class: "map machines" }, head, h("tbody", {}, places.map(row))));
}

function ratioText(own, implementation) {
  const cell = own.find((each) => each.implementation === implementation);
  if (!cell) return NONE;
  if (!isTimed(cell)) return cell.state;
  const faster = speedUp(cell, own, state.base);
  const share = known(cell.roof_fraction) ? `${percent(cell.roof_fraction)} of the roof` : "";
  return withSmall(gainText(faster), share);
}

// Every implementation at one size: speed-ups and fractions of the read roof, by machine.
function ratiosTable(place) {
  const at = (name) => cellsOn(name).filter((each) => each.place === place);
  const cells = new Map(namesOfMachines.map((name) => [name, at(name)]));
  const timed = [...cells.values()].flat().filter((cell) => isTimed(cell) && isChosen(cell, state));
  const rows = namesOf(timed).map((name) =>
    [nameTag(name), ...namesOfMachines.map((each) => ratioText(cells.get(each), name))]);
  return tableOf(["implementation", ...namesOfMachines], rows, `All implementations at ${place}`);
}

function factsTable() {
  const text = (facts) => [
    ["processor", facts.cpu], ["threads", String(facts.n_threads)],
    ["memory", nBytes(facts.memory_bytes || null)], ["system", facts.system], ["BLAS", facts.blas],
    ["versions", h("span", { class: "words" },
      Object.entries(facts.versions).map(([name, version]) => `${name} ${version}`).join(", "))],
    ["measured", facts.date], ["code", h("span", { class: "words" }, facts.commit)],
  ];
  const columns = [...MACHINES.values()].map(({ facts }) => text(facts));
  const rows = columns[0].map(([label], i) => [label, ...columns.map((own) => own[i][1])]);
  return tableOf(["", ...namesOfMachines], rows, "Facts of the machines");
}

const notesList = () =>
  [h("h3", {}, "Notes"), h("ul", {}, NOTES.map((note) => h("li", {}, note)))];

view({
  id: "machines", title: "Machines", order: 15, ofMachines: true,
  draw(root) {
    const firsts = firstsOf();
    const own = ofProblem(state);
    root.append(...[
      h("h2", {}, `Machines, ${state.problem}`), hint(MACHINES_HINT),
      familyKey(namesOfMachines.flatMap(cellsOn).filter(isTimed)), firstsTable(firsts),
      h("h3", {}, "On how many machines does each come first?"), standingTable(firsts), hint(FIRST_HINT),
      h("h3", {}, "All implementations on one set of data"), h("div", { class: "row" }, placeSelect(own)),
      ratiosTable(chosenPlace(own)),
      h("h3", {}, "What the machines are"), factsTable(),
      NOTES.length ? notesList() : [],
    ].flat());
  },
});
