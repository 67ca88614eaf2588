// Which data a view shows: what is chosen, else the largest that were drawn.

const elementsOf = (cell) => cell.n_samples * cell.n_features;

function placesOf(cells) {
  const firsts = [...bySize(cells).values()].map(([cell]) => cell);
  const size = (cell) => (cell.dataset ? Infinity : elementsOf(cell));
  firsts.sort((a, b) => (size(a) === size(b) ? byName(a.place, b.place) : size(a) - size(b)));
  return firsts.map((cell) => cell.place);
}

function chosenPlace(cells) {
  const places = placesOf(cells);
  if (places.includes(state.size)) return state.size;
  const drawn = placesOf(cells.filter((cell) => !cell.dataset));
  return drawn.at(-1) || places.at(-1) || "";
}

function placeSelect(cells) {
  const options = placesOf(cells).map((place) => [place, place]);
  return select("Data", options, chosenPlace(cells), (size) => go({ size }));
}

const chosenCells = (cells) => cells.filter((cell) => isChosen(cell, state));

const headRow = (heads) => h("thead", {}, h("tr", {}, heads.map((head) => h("th", { scope: "col" }, head))));

function tableOf(heads, rows, label = "") {
  const cellOf = (content, i) =>
    (i ? h("td", { class: "number" }, content) : h("th", { scope: "row" }, content));
  const body = h("tbody", {}, rows.map((row) => h("tr", {}, row.map(cellOf))));
  const named = label ? { role: "region", "aria-label": label } : {};
  return h("div", { class: "scroll", tabindex: "0", ...named }, h("table", {}, headRow(heads), body));
}

// Long lists fold.
function listOf(texts, most = 6) {
  const short = texts.slice(0, most).join(", ");
  if (texts.length <= most) return short;
  const rest = texts.slice(most);
  return h("details", {}, h("summary", {}, `${short}, ${rest.length} more`), rest.join(", "));
}
