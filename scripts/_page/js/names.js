// How a name looks: a swatch of its colour and dash, then the name.

const UNRANKED = { colour: 7, dash: 0, rank: 0 };
const rankedLook = (name) => LOOKS.get(name) || UNRANKED;
const colourOf = (name) => `var(--name-${rankedLook(name).colour})`;
const familyIndex = (family) => Math.max(0, DATA.families.indexOf(family));
const familyVariable = (family) => `var(--family-${familyIndex(family)})`;

function nameTag(name) {
  const { dash } = rankedLook(name);
  const attributes = { class: `swatch dash-${dash}`, style: { "--colour": colourOf(name) } };
  return h("span", { class: "name" }, h("i", { ...attributes, "aria-hidden": "true" }), name);
}

const nameKey = (names) => h("ul", { class: "key" }, names.map((name) => h("li", {}, nameTag(name))));

function familyKey(cells) {
  const present = DATA.families.filter((family) => cells.some((cell) => cell.family === family));
  const patch = (family) => h("i", { class: "patch", style: { "--colour": familyVariable(family) } });
  return h("ul", { class: "key" }, present.map((family) => h("li", {}, patch(family), family)));
}

// A word that says what it means when it is pointed at, focused or pressed.
function term(word, meaning) {
  return h("details", { class: "term" }, h("summary", {}, word), h("span", {}, meaning));
}

// Names to switch: press one to colour it or make it grey, twice to show it alone.
function nameChips(names, coloured) {
  const set = (chosen) => go({ show: joined(chosen) });
  const switched = (name) => {
    const next = new Set(coloured);
    if (!next.delete(name)) next.add(name);
    return next.size ? next : ["-"];
  };
  const isAlone = (name) => coloured.size === 1 && coloured.has(name);
  const chip = (name) => h("button", {
    type: "button", class: "chip", "aria-pressed": String(coloured.has(name)), "data-name": name,
    onclick: () => set(switched(name)), ondblclick: () => set(isAlone(name) ? [] : [name]),
  }, nameTag(name));
  const attributes = { class: "chips", role: "group", "aria-label": "Implementations in colour" };
  return h("div", attributes, names.map(chip), quietButton("reset", () => set([])));
}

// Coloured by choice, else those that win most of what is chosen, and the baseline.
function colouredNames(cells, most = 5) {
  if (state.show) return shown();
  const timed = cells.filter((cell) => isTimed(cell) && isChosen(cell, state));
  return new Set([...byWins(timed).slice(0, most), state.base]);
}
