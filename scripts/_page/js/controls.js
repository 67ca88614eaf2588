// The choices that all views share.

const OF_ANOTHER_PROBLEM = { cell: "", show: "", at: "", base: DEFAULTS.base };

function librariesCheck() {
  const onchange = (event) => go({ libraries: event.target.checked });
  const attributes = { "data-name": "choose libraries", checked: state.libraries, onchange };
  return h("label", { class: "check" }, h("input", { type: "checkbox", ...attributes }), "libraries");
}

function drawControls() {
  const same = (names) => names.map((name) => [name, name]);
  const pick = (label, options, key, also = {}) =>
    select(label, options, state[key], (value) => go({ [key]: value, ...also }));
  byId("controls").replaceChildren(
    ...(hasMachines ? [pick("Machine", same([...MACHINES.keys()]), "machine")] : []),
    pick("Problem", same(PROBLEMS), "problem", OF_ANOTHER_PROBLEM),
    pick("Precision", PRECISIONS, "error"),
    ...(THREADS.length > 1 ? [pick("Threads", same(THREADS), "threads")] : []),
    pick("Relative to", same(baseNames(state)), "base"),
    librariesCheck());
}

function viewLink({ id, title }) {
  const to = { view: id, cell: "" };
  const onclick = (event) => {
    event.preventDefault();
    go(to, { step: true });
  };
  return h("a", { href: address(to), "aria-current": id === state.view ? "page" : null, onclick }, title);
}

function drawViews() {
  byId("views").replaceChildren(...shownViews().sort((a, b) => a.order - b.order).map(viewLink));
}
