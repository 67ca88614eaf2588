// Elements. Texts become text nodes, so that no name or reason is ever taken for markup.

const isBlank = (value) => value === null || value === undefined || value === "";

function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) setAttribute(element, name, value);
  element.append(...children.flat(Infinity).filter((child) => !isBlank(child)));
  return element;
}

function setAttribute(element, name, value) {
  if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
  else if (name === "style")
    for (const [key, to] of Object.entries(value)) element.style.setProperty(key, to);
  else if (value === true) element.setAttribute(name, "");
  else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
}

const byId = (id) => document.getElementById(id);
const quietButton = (text, onclick) => h("button", { type: "button", class: "quiet", onclick }, text);
const code = (text) => h("code", {}, text);
const hint = (...texts) => h("p", { class: "hint" }, texts);

function select(label, options, value, onchange) {
  const items = options.map(([key, text]) =>
    h("option", { value: key, selected: String(key) === String(value) }, text));
  const attributes = { "data-name": `choose ${label}`, onchange: (event) => onchange(event.target.value) };
  return h("label", {}, label, h("select", attributes, items));
}

function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  h("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
}

// A leading sign would make a spreadsheet run the text as a formula.
const csvField = (value) => {
  let text = isBlank(value) ? "" : String(value);
  if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) text = `'${text}`;
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

function toCsv(names, rows) {
  return [names, ...rows].map((row) => row.map(csvField).join(",")).join("\n") + "\n";
}
