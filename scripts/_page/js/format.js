// Numbers as text: 3 significant digits and a unit, as in the project's tables.

const NONE = "n/a";
const known = (value) => value !== null && value !== undefined && Number.isFinite(value);

function plain(value, digits = 3) {
  if (value === 0) return "0";
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return rounded.toFixed(Math.min(decimals, 20));
}

function withUnit(value, units) {
  if (!known(value)) return NONE;
  const rounded = Number(value.toPrecision(3));
  const [scale, unit] = units.findLast(([size]) => size <= Math.abs(rounded)) || units[0];
  return `${plain(rounded / scale)} ${unit}`;
}

const seconds = (value) => withUnit(value, [[1e-9, "ns"], [1e-6, "us"], [1e-3, "ms"], [1, "s"]]);
const nBytes = (value) =>
  known(value) && Math.abs(value) < 999.5 ? `${Math.round(value)} B` : withUnit(value, [[1, "B"], [1e3, "kB"], [1e6, "MB"], [1e9, "GB"], [1e12, "TB"]]);
const ratio = (value, digits = 3) => (known(value) ? `${plain(value, digits)}x` : NONE);
const percent = (value, digits = 2) => (known(value) ? `${plain(100 * value, digits)} %` : NONE);
const errorText = (value) => (known(value) ? (value ? value.toExponential(1) : "0") : NONE);
const gigabytes = (value) => (known(value) ? `${plain(value)} GB/s` : NONE);
const whole = (value) => (known(value) ? value.toLocaleString("en-US") : NONE);
const sizeText = (n, d) => `${whole(n)} x ${whole(d)}`;
const interval = (low, high, format) => (known(low) && known(high) ? `${format(low)} to ${format(high)}` : "");
