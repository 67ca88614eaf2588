// Axes of the charts: logarithmic, with ticks at round numbers and units in their labels.

const unitLabel = (units) =>
  units.reduce((rest, [size, unit], i) => {
    const text = `format(datum.value / ${size}, '~g') + ' ${unit}'`;
    return i ? `datum.value >= ${0.9999 * size} ? ${text} : ${rest}` : text;
  }, "");

const LABELS = {
  seconds: unitLabel(SECONDS),
  bytes: unitLabel(BYTES),
  ratio: "format(datum.value, '~g') + 'x'",
  whole: "format(datum.value, ',.0f')",
  number: "format(datum.value, '~g')",
  error: "format(datum.value, '.0e')",
};
const HEIGHT = 380;
const LINE = 15; // pixels between labels

const barsHeight = (rows) => 22 * rows + 8;
const barNames = () => ({
  field: "name", type: "nominal", sort: null,
  axis: { title: null, labelLimit: isWide() ? 220 : 110, ticks: false, domain: false },
});
let isForFile = false; // a chart that is saved has room, whatever the page's width
const isWide = () => isForFile || byId("main").clientWidth >= 640;
const leastOf = (values) => values.reduce((a, b) => Math.min(a, b), Infinity);
const mostOf = (values) => values.reduce((a, b) => Math.max(a, b), -Infinity);

function logDomain(values) {
  const logs = values.filter((value) => known(value) && value > 0).map(Math.log10);
  if (!logs.length) return [1, 10];
  const [low, high] = [leastOf(logs), mostOf(logs)];
  const pad = Math.max(0.05 * (high - low), 0.1);
  return [10 ** (low - pad), 10 ** (high + pad)];
}

// Powers of ten, and numbers between them where there are few.
function logTicks([low, high]) {
  let ticks = [];
  for (const steps of [[1], [1, 2, 5], [1, 1.2, 1.5, 2, 3, 4, 5, 6, 8]]) {
    ticks = [];
    for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++)
      for (const step of steps) ticks.push(Number(`${step}e${power}`));
    ticks = ticks.filter((tick) => low <= tick && tick <= high);
    if (ticks.length >= 3) return ticks;
  }
  return ticks;
}

const logAxis = (field, title, domain, label) => ({
  field, type: "quantitative", scale: { type: "log", domain, nice: false },
  axis: { title, values: logTicks(domain), labelExpr: LABELS[label], labelFlush: false },
});

// Names come from outside, so that they are values of the data and never names of fields.
const tips = (...fields) => fields.map(([field, title]) => ({ field, title, type: "nominal" }));
const asIs = (field) => ({ field, type: "nominal", scale: null });

const layer = (values, mark, encoding) => ({ data: { values }, mark, encoding });
// A layer without data would warn of an axis without an extent.
const filled = (layers) => layers.filter((layer) => !layer.data || layer.data.values.length);

const SHAPES = ["circle", "square", "diamond", "triangle-up", "cross", "triangle-down"];
const shapeOf = (name) => SHAPES[rankedLook(name).rank % SHAPES.length];

function lookOf(name, coloured = true) {
  const colour = coloured ? colourValue(name) : cssValue("--faint");
  return { name, colour, dash: coloured ? dashOf(name) : [1, 0], shape: coloured ? shapeOf(name) : "circle" };
}

// Beside their points: right of them, and left of those near the right edge; a halo keeps lines off.
function pointLabels(points, x, y, field = "name") {
  const [low, high] = x.scale.domain;
  const labels = apart(points, y.scale.domain);
  const isLeft = (label) => label.x < low * (high / low) ** 0.6;
  const encoding = { x, y, text: { field, type: "nominal" }, color: asIs("colour") };
  const halo = { stroke: cssValue("--page"), strokeWidth: 4, strokeJoin: "round", opacity: 0.85 };
  return [["left", 9], ["right", -9]].flatMap(([align, dx]) => {
    const own = labels.filter((label) => isLeft(label) === (align === "left"));
    const mark = { type: "text", align, dx, dy: -8, limit: isWide() ? 220 : 115, fontSize: 12 };
    const { color, ...behind } = encoding;
    return [layer(own, { ...mark, ...halo }, behind), layer(own, mark, { ...behind, color })];
  });
}

// Labels at the height of values of a logarithmic axis, moved apart; those without room are left out.
function apart(labels, [low, high], height = HEIGHT) {
  const span = Math.log(high) - Math.log(low);
  const pixelOf = ({ y }) => (height * (Math.log(high) - Math.log(y))) / span;
  const own = labels.map((label) => ({ ...label, pixel: pixelOf(label) }));
  own.sort((a, b) => a.pixel - b.pixel).splice(Math.floor(height / LINE));
  for (let i = 1; i < own.length; i++) own[i].pixel = Math.max(own[i].pixel, own[i - 1].pixel + LINE);
  for (let i = own.length - 1; i >= 0; i--) {
    const most = i === own.length - 1 ? height : own[i + 1].pixel - LINE;
    own[i].pixel = Math.min(own[i].pixel, most);
  }
  return own.map((label) => ({ ...label, y: high * Math.exp((-label.pixel / height) * span) }));
}
