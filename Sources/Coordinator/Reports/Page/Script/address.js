// The address says what is shown, so that it can be handed on.

const defaults = { show: "all", colour: "family", lengths: "equal" };
function address() {
  const words = state.selected === null ? [] : [`model=${encodeURIComponent(nodes[state.selected].id)}`];
  for (const [name, usual] of Object.entries(defaults)) {
    if (state[name] !== usual) words.push(`${name}=${encodeURIComponent(state[name])}`);
  }
  return words.length ? `#${words.join("&")}` : "";
}
function remember() {
  try { history.replaceState(null, "", address() || location.pathname + location.search); } catch { /* some viewers forbid it */ }
}
/// What an address does not name is as usual; what it names wrongly too.
function follow() {
  const asked = new Map(location.hash.slice(1).split("&").map((word) => {
    const at = word.indexOf("=");
    try { return [word.slice(0, at), decodeURIComponent(word.slice(at + 1))]; } catch { return ["", ""]; }
  }));
  const show = asked.get("show");
  const colour = asked.get("colour");
  state.lengths = asked.get("lengths") === "distance" ? "distance" : "equal";
  state.colour = attributes.has(colour) ? colour : "family";
  byId("lengths").value = state.lengths;
  byId("colour").value = state.colour;
  byId("show").value = Object.hasOwn(filters, show ?? "") ? show : "all";
  // What no edge is cannot be chosen.
  if (!byId("show").value) byId("show").value = "all";
  state.touched = false;
  narrow();
  const i = number.get(asked.get("model"));
  if (i !== undefined) select(i, { keep: true, centre: nodes.length > 60 });
  else if (state.selected !== null) select(state.selected);
}

/// Shows some of the edges in full, here and in the table; what was folded over them opens.
function narrow() {
  state.show = byId("show").value;
  const isMatching = filters[state.show];
  if (isMatching !== null) {
    for (const n of nodes.filter(isMatching).slice(0, 400)) ancestors(n.i).forEach((above) => state.folded.delete(above));
  }
  render();
  list();
}

function toggle(i) {
  if (!nodes[i].children.length) return;
  if (!state.folded.delete(i)) state.folded.add(i);
  const before = spot[i];
  render();
  if (before && spot[i] && state.touched) {
    state.zoom.x += (before.x - spot[i].x) * state.zoom.k;
    state.zoom.y += (before.y - spot[i].y) * state.zoom.k;
    applyZoom();
  }
}
