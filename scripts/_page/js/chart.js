// Charts: Vega-Lite, loaded from this page when the first one is drawn.

let library = null;

function loadLibrary() {
  library ||= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.type = "module";
    script.textContent = byId("library").textContent;
    addEventListener("library", () => resolve(window.vegaEmbed), { once: true });
    addEventListener("error", (event) => reject(event.error), { once: true });
    document.head.append(script);
  });
  return library;
}

const cssValue = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const colourValue = (name) => cssValue(`--name-${(LOOKS.get(name) || { colour: 7 }).colour}`);
const familyValue = (family) => cssValue(`--family-${Math.max(0, DATA.families.indexOf(family))}`);
const DASHES = [[1, 0], [6, 2], [2, 2], [8, 2, 2, 2]];
const dashOf = (name) => DASHES[(LOOKS.get(name) || { dash: 0 }).dash];

function chartConfig() {
  const text = cssValue("--text"), faint = cssValue("--line");
  const axis = { labelColor: text, titleColor: text, gridColor: faint, domainColor: faint, tickColor: faint, labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal" };
  return { background: cssValue("--page"), font: "system-ui, sans-serif", view: { stroke: null }, axis, title: { color: text, anchor: "start", fontSize: 14 }, legend: { labelColor: text, titleColor: text }, text: { color: text } };
}

// A figure with a title, the chart, and its downloads. `spec` is a function, called at each drawing.
function chart(name, title, spec, note = "") {
  const box = h("div", { class: "chart", role: "img", "aria-label": title });
  const tools = h("p", { class: "tools" });
  const figure = h("figure", { "data-chart": name }, h("figcaption", {}, title), box, note ? h("p", { class: "hint" }, note) : "", tools);
  queueMicrotask(() => render(box, tools, name, spec));
  return figure;
}

async function embedded(box, spec) {
  const embed = await loadLibrary();
  const whole = { $schema: "https://vega.github.io/schema/vega-lite/v6.json", width: "container", height: 380, ...spec(), config: chartConfig() };
  return embed(box, whole, { actions: false, ast: true, renderer: "svg", mode: "vega-lite" });
}

async function render(box, tools, name, spec) {
  try {
    await loadLibrary();
    if (!box.isConnected) return;
    const drawn = await embedded(box, spec);
    box.dataset.drawn = "true";
    tools.replaceWith(saveButtons((kind) => saveChart(drawn.view, name, kind)));
  } catch (error) {
    box.replaceChildren(h("p", { class: "flag" }, `The chart could not be drawn: ${error.message}`));
  }
}

function saveButtons(save) {
  return h("p", { class: "tools" }, ["svg", "png"].map((kind) => h("button", { type: "button", class: "quiet", onclick: () => save(kind) }, `save ${kind.toUpperCase()}`)));
}

async function saveChart(view, name, kind) {
  if (kind === "svg") return download(`${name}.svg`, await view.toSVG(), "image/svg+xml");
  h("a", { href: await view.toImageURL("png", 2), download: `${name}.png` }).click();
}

// Save what is shown in another form on the page.
async function saveSpec(name, spec, kind) {
  const drawn = await embedded(h("div"), spec);
  await saveChart(drawn.view, name, kind);
  drawn.finalize();
}

// Names to switch: press one to colour it or make it grey, twice to show it alone.
function nameChips(names, coloured) {
  const set = (chosen) => go({ show: [...chosen].join(",") });
  const chip = (name) => {
    const on = coloured.has(name);
    return h("button", {
      type: "button", class: "chip", "aria-pressed": String(on), "data-name": name,
      onclick: () => { const next = new Set(coloured); if (on) next.delete(name); else next.add(name); set(next.size ? next : new Set(["-"])); },
      ondblclick: () => set(coloured.size === 1 && on ? new Set() : new Set([name])),
    }, nameTag(name));
  };
  return h("div", { class: "chips", role: "group", "aria-label": "Implementations in colour" }, names.map(chip), h("button", { type: "button", class: "quiet", onclick: () => set(new Set()) }, "reset"));
}

// Coloured by choice, else those that win most of what is chosen, and the baseline.
function colouredNames(cells, most = 5) {
  if (state.show) return shown();
  return new Set([...byWins(cells.filter((cell) => isTimed(cell) && isChosen(cell, state))).slice(0, most), state.base]);
}
