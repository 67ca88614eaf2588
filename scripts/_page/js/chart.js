// Charts: Vega-Lite, loaded from this page when the first one is drawn.

const SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json";
const NO_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g; // signs that XML cannot hold
const SAVED_WIDTH = 900; // pixels of a chart that fills the page's width
let library = null;
let drawnCharts = [];

// Modules run in the order in which they are appended: the second knows what became of the first.
function appendModule(text) {
  const script = h("script", { type: "module" });
  script.async = false;
  script.textContent = text;
  document.head.append(script);
}

function loadLibrary() {
  library ||= new Promise((resolve, reject) => {
    const ended = () =>
      window.vegaEmbed ? resolve(window.vegaEmbed) : reject(new Error("the plotting library did not start"));
    addEventListener("library", ended, { once: true });
    appendModule(byId("library").textContent);
    appendModule("window.dispatchEvent(new Event('library'));");
  });
  return library;
}

// A saved chart is for paper, whatever the page's theme.
const themed = () => (isForFile ? byId("paper") : document.documentElement);
const cssValue = (name) => getComputedStyle(themed()).getPropertyValue(name).trim();
const colourValue = (name) => cssValue(`--name-${rankedLook(name).colour}`);
const familyValue = (family) => cssValue(`--family-${familyIndex(family)}`);
const DASHES = [[1, 0], [6, 2], [2, 2], [8, 2, 2, 2]];
const dashOf = (name) => DASHES[rankedLook(name).dash];

function chartConfig() {
  const [text, line] = [cssValue("--text"), cssValue("--line")];
  const axis = {
    labelColor: text, titleColor: text, gridColor: line, domainColor: line, tickColor: line,
    labelFontSize: 12, titleFontSize: 12, titleFontWeight: "normal",
  };
  return {
    background: cssValue("--page"), font: "system-ui, sans-serif", view: { stroke: null }, axis,
    title: { color: text, subtitleColor: text, anchor: "start", fontSize: 14 },
    legend: { labelColor: text, titleColor: text }, text: { color: text },
  };
}

// A figure with a title, the chart, its values as a table, and its downloads. `pointsOf` makes the
// values and `specOf` a chart of them, at each drawing, since both hold colours; `fields` are the
// table's columns.
function chart(name, title, pointsOf, specOf, fields, note = "") {
  const spec = () => specOf(pointsOf());
  const box = h("div", { class: "chart", role: "img", "aria-label": `${title}; values in the table below` });
  const tools = h("p", { class: "tools" });
  queueMicrotask(() => render(box, tools, name, title, spec));
  return h("figure", { "data-chart": name },
    h("figcaption", {}, title), box, note ? hint(note) : "", chartTable(title, fields, pointsOf), tools);
}

// The same values for who cannot see or point at the chart; made when it is opened.
function chartTable(title, fields, pointsOf) {
  const textOf = (point) => fields.map(([field]) => (field === "name" ? nameTag(point.name) : point[field]));
  const details = h("details", { class: "as-table" }, h("summary", {}, "show as table"));
  const fill = () => {
    if (!details.open || details.querySelector("table")) return;
    const table = tableOf(fields.map(([, head]) => head), pointsOf().map(textOf), title);
    details.append(table);
  };
  details.addEventListener("toggle", fill);
  return details;
}

const wholeSpec = (spec) =>
  ({ $schema: SCHEMA, width: "container", height: HEIGHT, ...spec(), config: chartConfig() });

async function embedded(box, specOf) {
  const embed = await loadLibrary();
  return embed(box, specOf(), { actions: false, ast: true, renderer: "svg", mode: "vega-lite" });
}

// The chart by itself, with its title and where it comes from.
function titled(title, spec) {
  const { cpu, commit, date } = DATA.facts;
  const subtitle = [`${cpu}, threads: ${state.threads} · ${commit} · ${date} · Gradmark`];
  return () => {
    isForFile = true;
    try {
      const whole = wholeSpec(() => ({ width: SAVED_WIDTH, ...spec() }));
      return { ...whole, title: { text: title, subtitle } };
    } finally {
      isForFile = false;
    }
  };
}

async function render(box, tools, name, title, spec) {
  try {
    await loadLibrary();
    if (!box.isConnected) return;
    const own = await embedded(box, () => wholeSpec(spec));
    if (!box.isConnected) return own.finalize();
    drawnCharts.push(own);
    box.dataset.drawn = "true";
    tools.replaceWith(saveButtons((kind) => saveSpec(name, titled(title, spec), kind)));
  } catch (error) {
    box.replaceChildren(h("p", { class: "flag" }, `The chart could not be drawn: ${error.message}`));
  }
}

// Let go of the charts that are drawn: each listens to the window until it is told to stop.
function dropCharts() {
  for (const each of drawnCharts) each.finalize();
  drawnCharts = [];
}

function saveButtons(save) {
  const button = (kind) => quietButton(`save ${kind.toUpperCase()}`, () => save(kind));
  return h("p", { class: "tools" }, ["svg", "png"].map(button));
}

async function saveChart(view, name, kind) {
  if (kind === "svg")
    return download(`${name}.svg`, (await view.toSVG()).replace(NO_XML, "\ufffd"), "image/svg+xml");
  h("a", { href: await view.toImageURL("png", 2), download: `${name}.png` }).click();
}

// Save what is shown in another form on the page.
async function saveSpec(name, spec, kind) {
  const own = await embedded(h("div"), spec);
  await saveChart(own.view, name, kind);
  own.finalize();
}
