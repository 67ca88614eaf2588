// Numbers as text: 3 significant digits and a unit, as in the project's tables.

const NONE = "n/a";
const SECONDS = [[1e-9, "ns"], [1e-6, "us"], [1e-3, "ms"], [1, "s"]];
const BYTES = [[1, "B"], [1e3, "kB"], [1e6, "MB"], [1e9, "GB"], [1e12, "TB"]];
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);
const knownOr = (value, text) => (known(value) ? text(value) : NONE);

function plain(value, digits = 3) {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(decimals, 20));
}

function withUnit(value, units) {
  const rounded = Number(value.toPrecision(3));
  const [scale, unit] = units.findLast(([size]) => size <= Math.abs(rounded)) || units[0];
  return `${plain(rounded / scale)} ${unit}`;
}

// Three digits and an exponent of two: 1.11e-16.
function scientific(value) {
  const [digits, exponent] = value.toExponential(2).split("e");
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}

const seconds = (value) => knownOr(value, () => (value ? withUnit(value, SECONDS) : "0 s"));
const nBytes = (value) =>
  knownOr(value, () => (Math.abs(value) < 999.5 ? `${Math.round(value)} B` : withUnit(value, BYTES)));
const ratio = (value, digits = 3) => knownOr(value, () => `${plain(value, digits)}x`);
const percent = (value, digits = 2) => knownOr(value, () => `${plain(100 * value, digits)} %`);
const errorText = (value) => knownOr(value, () => (value ? scientific(value) : "0"));
const gigabytes = (value) => knownOr(value, () => `${plain(value)} GB/s`);
const processorsText = (value) => knownOr(value, () => plain(value));
const whole = (value) => knownOr(value, () => value.toLocaleString("en-US"));
const sizeText = (n, d) => `${whole(n)} x ${whole(d)}`;
const interval = (low, high, format) =>
  (known(low) && known(high) ? `${format(low)} to ${format(high)}` : "");
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;
