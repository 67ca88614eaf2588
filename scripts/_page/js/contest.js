// Who comes first on a set of data, by how much, and how that is shown.

const metricOf = (key) => MAP_METRICS.find(([each]) => each === key);

// The first of a set of data by a metric: of times, as the advice ranks them.
function contest(cells, metric) {
  const valued = cells.filter((cell) => isTimed(cell) && known(cell[metric]) && isChosen(cell, state));
  const band = metric === "time" ? cells[0].tie_band : 0;
  const costs = valued.map((cell) => ({ ...cell, seconds: cell[metric] }));
  if (metric === "time") return rank(costs, band, null);
  const choices = costs.sort((a, b) => a.seconds - b.seconds || byName(a.implementation, b.implementation));
  return { cheapest: choices[0], ties: choices.slice(0, 1), choices };
}

// What follows, and by how much; of times with what chance alone does here.
function leadText({ cheapest, ties, choices: [first, next] }, metric) {
  if (first !== cheapest) {
    const faster = first.time / cheapest.time - 1;
    return `a tie with ${cheapest.implementation}${faster > 0 ? `, which is ${percent(faster)} faster` : ""}`;
  }
  if (ties.length > 1) return `a tie with ${ties[1].implementation}`;
  if (!next || !(first.seconds > 0)) return "";
  const lead = next.seconds / first.seconds;
  const isChance = metric === "time" && lead - 1 <= (first.chance_band ?? 0);
  return `${ratio(lead, 2)} over ${next.implementation}${isChance ? ", within chance" : ""}`;
}

// The texts of a size: the winner, its gain or value, and its lead over the next.
function verdictOf(cells, metric) {
  if (!cells.length) return null;
  const found = contest(cells, metric);
  const [first] = found.choices;
  if (!first) return null;
  const faster = metric === "time" ? speedUp(first, cells, state.base) : null;
  const isGain = known(faster) && first.implementation !== state.base;
  const [, , format] = metricOf(metric);
  const big = isGain ? ratio(faster, 2) : format(first[metric]);
  return { first, faster, big, behind: leadText(found, metric) };
}

// How strong a cell's colour is: twice as fast as the other adds 7 %.
function shareOf(faster) {
  const doublings = Math.max(0, Math.log2(known(faster) ? faster : 2));
  return `${Math.round(Math.min(50, 12 + 7 * doublings))}%`;
}
