// How a name looks: a swatch of its colour and dash, then the name.

const colourOf = (name) => `var(--name-${(LOOKS.get(name) || { colour: 7 }).colour})`;
const familyVariable = (family) => `var(--family-${Math.max(0, DATA.families.indexOf(family))})`;

function nameTag(name) {
  const { dash } = LOOKS.get(name) || { dash: 0 };
  return h("span", { class: "name" }, h("i", { class: `swatch dash-${dash}`, style: { "--colour": colourOf(name) }, "aria-hidden": "true" }), name);
}

function familyKey(cells) {
  const present = DATA.families.filter((family) => cells.some((cell) => cell.family === family));
  return h("ul", { class: "key" }, present.map((family) => h("li", {}, h("i", { class: "patch", style: { "--colour": familyVariable(family) } }), family)));
}

// A word that says what it means when it is pointed at, focused or pressed.
function term(word, meaning) {
  return h("details", { class: "term" }, h("summary", {}, word), h("span", {}, meaning));
}
