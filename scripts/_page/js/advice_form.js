// The form that asks for a shape, and the answer in words.

const MOST_ADVISED = 3; // the rest is folded

function sourceText({ place, sizes }) {
  if (place.kind === "measured") return "Measured at this very size.";
  const texts = sizes.map(([n, d]) => sizeText(n, d));
  const near = texts.length > 1 ? `${texts.slice(0, -1).join(", ")} and ${texts.at(-1)}` : texts[0];
  if (place.kind === "between") return `Interpolated between ${near}.`;
  return `Extrapolated ${ratio(place.factor, 2)} beyond ${near}: uncertain.`;
}

function advisedItem(choice, advice, calls) {
  const spread = interval(choice.low, choice.high, seconds);
  const gain = choice.implementation === BASELINE ? [] : [`${ratio(choice.speed_up)} over ${BASELINE}`];
  const total = calls ? [`${seconds(calls * costOf(choice, calls))} for ${whole(calls)} calls`] : [];
  const costs = [
    ...gain, ...total, `preparation ${seconds(choice.prepare)}`, `workspace ${nBytes(choice.workspace)}`,
    `error ${errorText(choice.error)}`,
  ];
  return h("li", { "data-advised": choice.implementation, "data-seconds": choice.seconds },
    nameTag(choice.implementation), " ", h("b", {}, seconds(choice.seconds)), spread ? ` (${spread})` : "",
    h("small", {}, `${rankReason(choice, advice, calls)}; ${costs.join(", ")}`));
}

function advisedList(advice, calls) {
  const items = advice.choices.map((choice) => advisedItem(choice, advice, calls));
  const rest = items.slice(MOST_ADVISED);
  return [
    h("ol", { "data-kind": advice.place.kind }, items.slice(0, MOST_ADVISED)),
    rest.length
      ? h("details", {}, h("summary", {}, `${rest.length} more`), h("ol", { start: MOST_ADVISED + 1 }, rest))
      : "",
  ];
}

function adviceText(n, d, calls) {
  const own = `python -m scripts.recommend ${n} ${d} --problem ${state.problem}`;
  const measure = [" Measure it: ", code(`${own}${threadsOption(state.threads)} --measure`)];
  const advice = advise(n, d, calls);
  const factor = advice?.place.factor;
  if (factor > DATA.rules.farthest * (1 + TOLERANCE))
    return h("p", {},
      `${sizeText(n, d)} is ${ratio(factor, 2)} beyond what was measured: no advice.`, measure);
  if (!advice?.choices.length)
    return h("p", {}, "Nothing that was measured around this shape is exact enough.", measure);
  const isMeasured = advice.place.kind === "measured";
  return [...advisedList(advice, calls), hint(sourceText(advice), isMeasured ? "" : measure)];
}

const wholeNumber = (text) => (/^\d{1,15}$/.test(text) && Number(text) >= 1 ? Number(text) : null);

function answerText() {
  const [n, d, calls] = [state.n, state.d, state.calls].map(wholeNumber);
  if (n && d) return [adviceText(n, d, calls)].flat().filter((part) => !isBlank(part));
  const isTyped = state.n || state.d;
  return [hint(isTyped
    ? "Whole numbers from 1 on are expected for both."
    : "Type the shape of your data: which three implementations suit it best, and why?")];
}

function adviceForm() {
  const out = h("output", { class: "answer", "aria-live": "polite" });
  const answer = () => out.replaceChildren(...answerText());
  const field = (key, label, placeholder) => {
    const oninput = (event) => {
      state[key] = event.target.value;
      history.replaceState(null, "", address());
      answer();
    };
    const attributes = { min: 1, step: 1, value: state[key], placeholder, "data-field": key, oninput };
    return h("label", {}, label, h("input", { type: "number", ...attributes }));
  };
  answer();
  return h("form", { class: "advice", onsubmit: (event) => event.preventDefault() },
    field("n", "samples", "50000"), field("d", "features", "300"), field("calls", "calls", "any"), out);
}
