// The picture of the forest.

const svg = byId("tree");
const world = byId("world");
const overlay = byId("overlay");
const stage = byId("stage");
const canvas = byId("far");
let drawnNodes = [];
let drawnFolders = [];
let drawnEdges = [];
let layers = { edges: null, boxes: null };
let titles = [];
/// The part of a large forest that are elements now, and what of it was made for the canvas.
let drafted = null;
let painted = null;
/// Visible models, the most important first; and a number that grows when anything but the place in view changes.
let ranked = null;
let version = 0;
let printing = false;

function edgePath(from, to, isExtra) {
  const x0 = spot[from].x + nodes[from].width;
  const [y0, x1, y1] = [spot[from].y, spot[to].x, spot[to].y];
  if (isExtra) return `M${x0} ${y0}C${x0 + 70} ${y0} ${x1 - 70} ${y1} ${x1} ${y1}`;
  const bend = state.lengths === "equal" ? Math.max(x0, x1 - layout.gap) : x0;
  const room = x1 - bend;
  return `M${x0} ${y0}H${bend}C${bend + room * 0.3} ${y0} ${bend + room * 0.24} ${y1} ${bend + room * 0.54} ${y1}H${x1}`;
}

function drawEdge(link, isExtra) {
  const [from, to] = [number.get(link.source), number.get(link.target)];
  if (!spot[from] || !spot[to]) return null;
  const d = edgePath(from, to, isExtra);
  const words = isPart(link) ? `${link.target} ${relationText(link)} from ${link.source}${shareText(link)}`
    : `${link.source} to ${link.target}: ${relationText(link)}, distance ${short(link.distance)}`
    + (isExtra ? `, ${percent(link.share ?? 0)} of the merge` : `, support ${percent(link.support)}${doubtText(link)}`);
  const group = draw("g", {
    class: `edge${gradeClass(link)}${isExtra ? " extra" : ""}`, "data-parent": link.source, "data-child": link.target,
    "data-relation": link.relation, "data-support": link.support,
  });
  const line = draw("path", { class: "line", d, "aria-hidden": "true" });
  line.style.strokeDasharray = data.dashes[link.relation] ?? "";
  if (!isExtra) line.style.strokeWidth = String(1 + 1.1 * link.support);
  group.append(draw("path", { class: "wide", d }), line);
  if (link.relation === "duplicate") group.append(draw("path", { class: "core", d }));
  if (!isExtra) {
    const [x, y] = [spot[to].x - 5, spot[to].y];
    group.append(draw("text", { x, y: y - 4 }, short(link.distance)));
    group.append(draw("text", { x, y: y + 10.5 }, `${gradeMark[gradeOf(link)]}${percent(certainty(link))}`));
  }
  group.addEventListener("pointerenter", (event) => showTip(event, () => edgeTip(link, words, isExtra)));
  group.addEventListener("pointermove", moveTip);
  group.addEventListener("pointerleave", hideTip);
  group.addEventListener("click", () => { if (!dragged) select(to); });
  return group;
}

function drawNode(i) {
  const n = nodes[i];
  const { x, y } = spot[i];
  const isFolded = n.children.length > 0 && state.folded.has(i);
  const group = draw("g", {
    class: `node${n.parent === null && !isLone(families.get(n.family)) ? " root" : ""}${n.node.inferred ? " inferred" : ""}${isContradicted(n) ? " contradicted" : ""}`, "data-id": n.id, transform: `translate(${x} ${y})`,
    role: "treeitem", tabindex: i === state.focus ? "0" : "-1", "aria-level": n.depth + 1,
    "aria-expanded": n.children.length ? String(!isFolded) : null, "aria-selected": String(i === state.selected),
    "aria-label": describe(i),
  });
  group.style.setProperty("--c", colours.of(n));
  group.append(draw("rect", { x: 0, y: -layout.box / 2, width: n.width, height: layout.box }));
  group.append(draw("text", { x: 10, y: 0.5 }, n.label));
  group.addEventListener("pointerenter", (event) => showTip(event, () => nodeTip(i)));
  group.addEventListener("pointermove", moveTip);
  group.addEventListener("pointerleave", hideTip);
  group.addEventListener("click", () => { if (!dragged) select(i); });
  group.addEventListener("dblclick", () => toggle(i));
  group.addEventListener("focus", () => { state.focus = i; });
  return group;
}

function drawFolder(i) {
  const n = nodes[i];
  const isFolded = state.folded.has(i);
  const x = spot[i].x + n.width;
  const group = draw("g", { class: "folder", transform: `translate(${x} ${spot[i].y})`, "data-fold": n.id, "aria-hidden": "true" });
  group.append(draw("circle", { cx: 0, cy: 0, r: 6.5 }));
  group.append(draw("path", { d: isFolded ? "M-3 0H3M0 -3V3" : "M-3 0H3" }));
  if (isFolded) group.append(draw("text", { x: 11, y: 0.5 }, `+${n.size - 1}`));
  group.addEventListener("click", (event) => { event.stopPropagation(); if (!dragged) toggle(i); });
  return group;
}

function describe(i) {
  const n = nodes[i];
  const up = n.link
    ? `child of ${n.link.source}, ${relationText(n.link)}, distance ${short(n.link.distance)}, support ${percent(n.link.support)}${doubtText(n.link)}`
    : isLone(families.get(n.family)) ? loneText(n) : "root";
  return `${n.id}, ${n.node.inferred ? `${inferredText(n)}, ` : ""}${up}${isContradicted(n) ? `, declared base ${declaredText(n)}` : ""}, ${models(n.size - 1)} below`;
}

function render() {
  const box = stage.getBoundingClientRect();
  const blocks = arrange(Math.max(box.width, 1) / Math.max(box.height - 60, 1));
  colours = palette(state.colour);
  layers = { edges: draw("g", { class: "edges", "aria-hidden": "true" }), boxes: draw("g", { class: "nodes", role: "none" }) };
  drawnNodes = new Array(nodes.length).fill(null);
  drawnFolders = new Array(nodes.length).fill(null);
  drawnEdges = [];
  for (const [list, isExtra] of [[extraLinks, true], [links, false]]) {
    for (const link of list) {
      const [from, to] = [number.get(link.source), number.get(link.target)];
      if (spot[from] && spot[to]) drawnEdges.push({ link, group: null, from, to, isExtra });
    }
  }
  painted = null;
  ranked = null;
  titles = blocks.map((block) => ({ x: block.x, y: block.y, text: block.title }));
  const names = titles.map((title) => draw("text", { class: "family-name", "aria-hidden": "true", x: title.x, y: title.y + 16 }, title.text));
  world.replaceChildren(...names, layers.edges, layers.boxes);
  if (!isLarge) attach(() => true, () => true);
  if (state.lengths === "distance") world.append(scaleBar());
  const folded = nodes.length - visible.length;
  byId("folded-note").hidden = folded === 0;
  byId("folded-note").textContent = `${folded} of ${nodes.length} folded away`;
  if (!state.touched) fit();
  mark();
  drawLegend();
}
