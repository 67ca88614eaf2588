// The choices that all views share.

const baseNames = () => {
  const names = [...new Set(ofProblem(state).filter(isTimed).map((cell) => cell.implementation))].sort();
  return names.map((name) => [name, name]);
};

function drawControls() {
  const pick = (key) => (value) => go({ [key]: value, ...(key === "problem" ? { cell: "", show: "", at: "", base: BASELINE } : {}) });
  const choices = [
    select("Problem", PROBLEMS.map((name) => [name, name]), state.problem, pick("problem")),
    select("Precision", PRECISIONS, state.error, pick("error")),
    THREADS.length > 1 ? select("Threads", THREADS.map((name) => [name, name]), state.threads, pick("threads")) : null,
    select("Relative to", baseNames(), state.base, pick("base")),
    h("label", { class: "check" }, h("input", { type: "checkbox", "data-name": "choose libraries", checked: state.libraries, onchange: (event) => go({ libraries: event.target.checked }) }), "libraries"),
  ];
  byId("controls").replaceChildren(...choices.filter(Boolean));
}

function drawViews() {
  const ordered = [...VIEWS].sort((a, b) => a.order - b.order).filter((each) => !each.absent || !each.absent());
  byId("views").replaceChildren(
    ...ordered.map((each) =>
      h("a", {
        href: address({ view: each.id, cell: "" }), "aria-current": each.id === state.view ? "page" : null,
        onclick: (event) => { event.preventDefault(); go({ view: each.id, cell: "" }, { step: true }); },
      }, each.title),
    ),
  );
}
