// What is lit.

let lit = new Set();
let hitSet = new Set();

function dressNode(i) {
  const classes = drawnNodes[i].classList;
  classes.toggle("lit", lit.has(i));
  classes.toggle("selected", i === state.selected);
  classes.toggle("hit", hitSet.has(i));
  classes.toggle("match", state.matched?.has(i) ?? false);
  drawnNodes[i].setAttribute("aria-selected", String(i === state.selected));
  drawnNodes[i].setAttribute("tabindex", i === state.focus ? "0" : "-1");
}

function dressEdge(edge) {
  edge.group.classList.toggle("lit", isEdgeLit(edge));
  edge.group.classList.toggle("match", filters[state.show]?.(nodes[edge.to]) ?? false);
}

function mark() {
  const chosen = state.selected;
  lit = new Set(chosen === null ? [] : [chosen, ...ancestors(chosen), ...descendants(chosen)]);
  if (chosen !== null) {
    for (const link of [...nodes[chosen].extra, ...nodes[chosen].parts]) lit.add(number.get(link.source));
    for (const child of nodes[chosen].extraChildren) lit.add(child);
  }
  hitSet = new Set(state.hits);
  const isMatching = filters[state.show];
  state.matched = isMatching === null ? null : new Set(nodes.filter(isMatching).flatMap((n) => [n.i, ...(n.parent === null ? [] : [n.parent])]));
  svg.classList.toggle("chosen", chosen !== null);
  svg.classList.toggle("searching", hitSet.size > 0 || (byId("search").value.trim() !== "" && chosen === null));
  svg.classList.toggle("filtered", state.matched !== null);
  version += 1;
  painted = null;
  ranked = null;
  for (const i of visible) if (drawnNodes[i]) dressNode(i);
  for (const edge of drawnEdges) if (edge.group) dressEdge(edge);
  draft();
  document.body.classList.toggle("has-selection", chosen !== null);
  byId("details").replaceChildren(...(chosen === null ? welcome() : details(chosen)));
  later(label);
  drawMarks();
  drawRows();
}

function select(i, options = {}) {
  hideTip();
  state.selected = state.selected === i && !options.keep ? null : i;
  state.pair = null;
  if (state.selected !== null) {
    state.focus = i;
    if (!spot[i]) { ancestors(i).forEach((above) => state.folded.delete(above)); render(); }
    if (options.centre) centre(i);
    scrollToRow(i);
  }
  mark();
  byId("detail-pane").scrollTop = 0;
  if (state.selected !== null) later(keepAboveSheet);
  remember();
}
