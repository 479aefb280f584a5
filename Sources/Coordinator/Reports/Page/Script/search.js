// Search.

const search = byId("search");
const texts = nodes.map((n) => [n.id, n.node.path, n.node.dtype, n.link ? n.link.relation : "root"].join("\n").toLowerCase());
search.addEventListener("input", () => {
  const wanted = search.value.trim().toLowerCase();
  state.hits = wanted ? data.order.filter((i) => texts[i].includes(wanted)) : [];
  state.hit = -1;
  byId("found").textContent = wanted ? `${state.hits.length} found` : "";
  mark();
});
search.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && state.hits.length) {
    const step = event.shiftKey ? state.hits.length - 1 : 1;
    state.hit = state.hit < 0 ? 0 : (state.hit + step) % state.hits.length;
    select(state.hits[state.hit], { keep: true, centre: true });
    byId("found").textContent = `${state.hit + 1} of ${state.hits.length}`;
  } else if (event.key === "Escape") {
    search.value = "";
    search.dispatchEvent(new Event("input"));
    search.blur();
  }
});
