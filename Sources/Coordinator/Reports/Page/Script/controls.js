// The rest of the controls.

const byStage = (factor) => {
  const box = stage.getBoundingClientRect();
  zoomAt(factor, box.width / 2, box.height / 2);
};
byId("fit").addEventListener("click", fit);
byId("zoom-in").addEventListener("click", () => byStage(1.35));
byId("zoom-out").addEventListener("click", () => byStage(1 / 1.35));
byId("fold").addEventListener("click", () => {
  for (const n of nodes) if (n.children.length) state.folded.add(n.i);
  state.touched = false;
  render();
});
byId("unfold").addEventListener("click", () => { state.folded.clear(); state.touched = false; render(); });
byId("close").addEventListener("click", () => { if (state.selected !== null) select(state.selected); });
const colourChoice = byId("colour");
for (const name of attributes.keys()) colourChoice.append(make("option", { value: name }, name.replaceAll("_", " ")));
colourChoice.addEventListener("change", () => {
  state.colour = colourChoice.value;
  colours = palette(state.colour);
  for (const i of visible) drawnNodes[i]?.style.setProperty("--c", colours.of(nodes[i]));
  draft();
  drawLegend();
  remember();
});
const showNames = { all: "all", "not-firm": "not firm", undecided: "undecided", contradicted: "contradicted bases", inferred: "inferred and components" };
for (const [name, isMatching] of Object.entries(filters)) {
  const count = isMatching === null ? edges.length : nodes.filter(isMatching).length;
  if (isMatching === null || count > 0 || name === "undecided") byId("show").append(make("option", { value: name }, `${showNames[name]} (${count})`));
}
byId("show").addEventListener("change", () => { narrow(); remember(); });
byId("lengths").addEventListener("change", (event) => {
  state.lengths = event.target.value;
  state.touched = false;
  render();
  remember();
});
/// The tabs below the tree, and on a phone the bar at the bottom.
for (const choice of document.querySelectorAll("[data-show]")) {
  choice.addEventListener("click", () => {
    const shown = choice.dataset.show;
    document.body.dataset.view = shown;
    if (shown === "edges" || shown === "run") document.body.dataset.drawer = shown;
    for (const other of document.querySelectorAll("[data-show]")) {
      const isOn = other.closest(".views") ? other.dataset.show === shown : other.dataset.show === document.body.dataset.drawer;
      other.setAttribute("aria-pressed", String(isOn));
    }
    if (choice.closest(".views") && shown !== "tree" && state.selected !== null) select(state.selected);
    drawMarks();
    drawRows();
  });
}

const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
const remembered = () => { try { return localStorage.getItem("modeltree-theme"); } catch { return null; } };
function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  drawMap();
  later(draft);
}
byId("theme").addEventListener("click", () => {
  const theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("modeltree-theme", theme); } catch { /* a page from disk may have no storage */ }
  setTheme(theme);
});
prefersDark.addEventListener("change", (event) => { if (!remembered()) setTheme(event.matches ? "dark" : "light"); });

function walk(key) {
  const now = state.focus;
  const n = nodes[now];
  const shown = data.order.filter((i) => spot[i]);
  const at = shown.indexOf(now);
  switch (key) {
    case "ArrowLeft": return n.parent;
    case "ArrowRight":
      if (state.folded.has(now)) toggle(now);
      return n.children[0] ?? null;
    case "ArrowUp": return shown[at - 1] ?? null;
    case "ArrowDown": return shown[at + 1] ?? null;
    case "Home": return shown[0] ?? null;
    case "End": return shown[shown.length - 1] ?? null;
    default: return null;
  }
}
function bringIntoView(i) {
  const box = stage.getBoundingClientRect();
  const [left, middle] = [state.zoom.x + spot[i].x * state.zoom.k, state.zoom.y + spot[i].y * state.zoom.k];
  if (left < 0 || middle < 20 || left + nodes[i].width * state.zoom.k > box.width || middle > box.height - 40) centre(i);
}
svg.addEventListener("keydown", (event) => {
  if (!event.target.closest(".node") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"].includes(event.key)) {
    event.preventDefault();
    const next = walk(event.key);
    if (next === null || !spot[next]) return;
    state.focus = next;
    mark();
    drawnNodes[next].focus({ preventScroll: true });
    bringIntoView(next);
  } else if (event.key === "Enter") {
    event.preventDefault();
    select(state.focus);
    drawnNodes[state.focus]?.focus({ preventScroll: true });
  } else if (event.key === " ") {
    event.preventDefault();
    toggle(state.focus);
    drawnNodes[state.focus]?.focus({ preventScroll: true });
  }
});
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, select, textarea");
  if (event.key === "Escape" && !isTyping) {
    if (document.body.classList.contains("enlarged")) byId("enlarge").click();
    else if (state.selected !== null) select(state.selected);
  }
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") { event.preventDefault(); search.focus(); search.select(); }
  if (event.key === "+" || event.key === "=") byStage(1.35);
  if (event.key === "-") byStage(1 / 1.35);
  if (event.key === "0") fit();
});

/// On paper everything is shown whole, at the width of the page.
let beforePrint = null;
window.addEventListener("beforeprint", () => {
  beforePrint = { ...state.zoom };
  world.removeAttribute("transform");
  overlay.replaceChildren();
  svg.classList.remove("far", "mid");
  svg.setAttribute("viewBox", `-8 -4 ${extent.w + 16} ${extent.h + 60}`);
  printing = true;
  canvas.hidden = true;
  attach(() => true, () => true);
  drawRows();
});
window.addEventListener("afterprint", () => {
  svg.removeAttribute("viewBox");
  printing = false;
  drafted = null;
  if (beforePrint) state.zoom = beforePrint;
  applyZoom();
  drawRows();
});

/// Where the whole forest would be too small to read, the first picture shows as many of the large
/// branches as can be read, the rest folded.
const readable = 0.62;
function foldToRead() {
  const box = stage.getBoundingClientRect();
  const room = { w: Math.max(box.width - 40, 50), h: Math.max(box.height - 100, 50) };
  const inner = nodes.filter((n) => n.children.length);
  const open = [...inner].sort((a, b) => a.depth - b.depth || b.size - a.size || a.i - b.i);
  const isReadable = (count) => {
    const shown = new Set(open.slice(0, count).map((n) => n.i));
    state.folded = new Set(inner.filter((n) => !shown.has(n.i)).map((n) => n.i));
    arrange(room.w / room.h);
    return Math.min(room.w / extent.w, room.h / extent.h) >= readable;
  };
  if (nodes.length <= mostAtFirst && isReadable(inner.length)) return;
  let [low, high] = [0, Math.min(inner.length, mostAtFirst)];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (isReadable(middle)) low = middle; else high = middle - 1;
  }
  isReadable(low);
}
const mostAtFirst = 400;

/// What the run found, before any detail.
function summarise() {
  const count = (grade) => links.filter((link) => gradeOf(link) === grade).length;
  const lone = [...families.values()].filter(isLone).map((members) => nodes[members[0]]);
  const unknown = lone.filter((n) => !isCompared(n)).length;
  const words = [models(observed), `${grown} ${grown === 1 ? "family" : "families"}`];
  if (lone.length > unknown) words.push(`${lone.length - unknown} related to no other`);
  if (links.length) words.push(`${links.length} ${links.length === 1 ? "edge" : "edges"}: ${count("firm")} firm, ${count("weak")} weak, ${count("undecided")} undecided`);
  const warnings = [];
  if (unknown) warnings.push(`${models(unknown)} not compared`);
  if (data.pairsNotCompared) warnings.push(`${data.pairsNotCompared} of ${data.pairs} pairs not compared`);
  const contradicted = nodes.filter(isContradicted).length;
  if (contradicted) warnings.push(`${contradicted} declared ${contradicted === 1 ? "base" : "bases"} contradicted`);
  byId("summary").textContent = words.join(" · ");
  byId("warnings").textContent = warnings.join(" · ");
  const notes = byId("notes-count");
  notes.hidden = data.notes.length === 0;
  notes.textContent = `${data.notes.length} ${data.notes.length === 1 ? "note" : "notes"}`;
  notes.addEventListener("click", () => {
    document.querySelector(window.matchMedia("(max-width: 760px)").matches ? ".views [data-show=run]" : ".tabs [data-show=run]").click();
    byId("notes").scrollIntoView();
  });
}
