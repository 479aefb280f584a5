// What of the picture are elements, and what is painted.

/// Makes elements of the models and edges that are wanted, and removes all others.
function attach(isNodeWanted, isEdgeWanted) {
  for (const edge of drawnEdges) {
    const isWanted = isEdgeWanted(edge);
    if (isWanted && !edge.group) {
      edge.group = drawEdge(edge.link, edge.isExtra);
      dressEdge(edge);
    }
    if (!edge.group || isWanted === (edge.group.parentNode !== null)) continue;
    if (isWanted) layers.edges.append(edge.group); else edge.group.remove();
  }
  for (const i of visible) {
    const isWanted = isNodeWanted(i);
    if (isWanted && !drawnNodes[i]) {
      drawnNodes[i] = drawNode(i);
      if (nodes[i].children.length) drawnFolders[i] = drawFolder(i);
      dressNode(i);
    }
    if (!drawnNodes[i] || isWanted === (drawnNodes[i].parentNode !== null)) continue;
    for (const element of [drawnNodes[i], drawnFolders[i]]) {
      if (!element) continue;
      if (isWanted) layers.boxes.append(element); else element.remove();
    }
  }
}

/// Of a large forest: the models in view and half a screen around them. From far they are painted, and only those that
/// somebody has named are elements.
function draft() {
  if (!isLarge || printing) return;
  const { x, y, k } = state.zoom;
  const [w, h] = [stage.clientWidth, stage.clientHeight];
  const isNamed = (i) => i === state.selected || i === state.focus || (hitSet.size <= 200 && hitSet.has(i));
  const isFar = svg.classList.contains("far");
  const view = { l: (-x - w / 2) / k, r: (w * 1.5 - x) / k, t: (-y - h / 2) / k, b: (h * 1.5 - y) / k };
  const isNear = (i) => spot[i].x <= view.r && spot[i].x + nodes[i].width >= view.l && spot[i].y >= view.t && spot[i].y <= view.b;
  // Nothing is exchanged as long as what was drafted covers the screen.
  const covers = drafted && !isFar && !drafted.isFar && drafted.l <= -x / k && drafted.r >= (w - x) / k && drafted.t <= -y / k && drafted.b >= (h - y) / k;
  if (!covers || drafted.version !== version) {
    drafted = { ...view, isFar, version };
    attach((i) => isNamed(i) || (!isFar && isNear(i)), (edge) => !isFar && crosses(edge, view));
  }
  paint(isFar);
}
function crosses(edge, view) {
  const [a, b] = [spot[edge.from], spot[edge.to]];
  return a.x <= view.r && b.x >= view.l && Math.min(a.y, b.y) <= view.b && Math.max(a.y, b.y) >= view.t;
}

/// Edges by their look, in the coordinates of the forest: made once, stroked at any zoom.
function strokes() {
  const groups = new Map();
  for (const edge of drawnEdges) {
    const look = isEdgeLit(edge) ? "accent" : { firm: "edge", weak: "doubt", undecided: "doubt" }[gradeOf(edge.link)];
    const isPale = isFaded(edge.to) && !isEdgeLit(edge);
    const key = `${look} ${isPale}`;
    if (!groups.has(key)) groups.set(key, { look, isPale, path: new Path2D() });
    // Bends are not to be seen from far.
    const [a, b] = [spot[edge.from], spot[edge.to]];
    const path = groups.get(key).path;
    path.moveTo(a.x + nodes[edge.from].width, a.y);
    if (!edge.isExtra && state.lengths === "equal") path.lineTo(Math.max(a.x + nodes[edge.from].width, b.x - layout.gap), a.y);
    path.lineTo(b.x, b.y);
  }
  return [...groups.values()].sort((a, b) => b.isPale - a.isPale);
}
const isEdgeLit = (edge) => (edge.isExtra ? edge.to === state.selected || edge.from === state.selected : lit.has(edge.from) && lit.has(edge.to));
const isFaded = (i) => (state.selected !== null && !lit.has(i)) || (state.selected === null && hitSet.size > 0 && !hitSet.has(i)) || (state.matched !== null && !state.matched.has(i));

function paint(isFar) {
  canvas.hidden = !isFar;
  if (!isFar) return;
  const scale = window.devicePixelRatio || 1;
  const [w, h] = [stage.clientWidth, stage.clientHeight];
  if (canvas.width !== Math.round(w * scale) || canvas.height !== Math.round(h * scale)) {
    [canvas.width, canvas.height] = [Math.round(w * scale), Math.round(h * scale)];
  }
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  painted ??= { strokes: strokes(), isFaded: visible.map(isFaded) };
  const context = canvas.getContext("2d");
  const { x, y, k } = state.zoom;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  context.setTransform(k * scale, 0, 0, k * scale, x * scale, y * scale);
  context.lineWidth = 1.2 / k;
  for (const { look, isPale, path } of painted.strokes) {
    context.globalAlpha = isPale ? 0.25 : 1;
    context.strokeStyle = colour(look);
    context.stroke(path);
  }
  visible.forEach((i, place) => {
    const n = nodes[i];
    const [left, right] = [x + spot[i].x * k, x + (spot[i].x + n.width) * k];
    const middle = y + spot[i].y * k;
    if (right < 0 || left > w || middle < -20 || middle > h + 20) return;
    context.globalAlpha = painted.isFaded[place] ? 0.25 : 1;
    context.fillStyle = i === state.selected ? colour("accent") : hitSet.has(i) ? "#e0a100" : colours.of(n);
    const least = i === state.selected || hitSet.has(i) ? 7 / k : 0;
    const height = Math.max(layout.box, 2 / k, least);
    context.fillRect(spot[i].x, spot[i].y - height / 2, Math.max(n.width, least), height);
  });
  context.globalAlpha = 1;
}

/// The model that is painted at a place of the window; null for none.
function paintedAt(event) {
  if (canvas.hidden) return null;
  const box = stage.getBoundingClientRect();
  const [px, py] = [(event.clientX - box.left - state.zoom.x) / state.zoom.k, (event.clientY - box.top - state.zoom.y) / state.zoom.k];
  const slack = 4 / state.zoom.k;
  let [best, least] = [null, Infinity];
  for (const i of visible) {
    const [dx, dy] = [Math.max(spot[i].x - px, px - spot[i].x - nodes[i].width, 0), Math.max(Math.abs(spot[i].y - py) - layout.box / 2, 0)];
    if (dx <= slack && dy <= slack && dx + dy < least) [best, least] = [i, dx + dy];
  }
  return best;
}

/// How long an edge is at distance 0, and at a round distance.
function scaleBar() {
  const unit = 10 ** Math.floor(Math.log10(150 / layout.scale));
  const value = unit * ([5, 2, 1].find((times) => layout.scale * unit * times <= 150) ?? 1);
  const y = extent.h + 26;
  const group = draw("g", { class: "scale" }, draw("text", { class: "scale-text", x: 0, y: y + 4 }, "length of an edge at"));
  let x = 130;
  for (const distance of [0, value]) {
    const length = layout.shortest + distance * layout.scale;
    group.append(draw("text", { class: "scale-text", x, y: y + 4 }, short(distance)),
      draw("path", { class: "scale-bar", d: `M${x + 26} ${y - 4}V${y + 4}M${x + 26} ${y}H${x + 26 + length}M${x + 26 + length} ${y - 4}V${y + 4}` }));
    x += 26 + length + 24;
  }
  return group;
}

function drawLegend() {
  const legend = byId("legend");
  const parts = [];
  if (colours.items) {
    const most = stage.clientWidth < 500 ? 5 : 10;
    for (const [name, colour] of colours.items.slice(0, most)) {
      const swatch = make("i");
      swatch.style.setProperty("--c", colour);
      parts.push(make("span", {}, swatch, name));
    }
    if (colours.items.length > most) parts.push(make("span", {}, `and ${colours.items.length - most} more`));
  } else {
    const bar = make("span", { class: "ramp" });
    bar.style.background = `linear-gradient(90deg, ${ramps.light.map(css).join(",")})`;
    parts.push(make("span", {}, `${state.colour.replaceAll("_", " ")}: ${short(colours.low)}`, bar, short(colours.high)));
  }
  if (tree.nodes.some((node) => node.inferred)) {
    const box = draw("rect", { x: 1, y: 1, width: 24, height: 10 });
    parts.push(make("span", {}, draw("svg", { viewBox: "0 0 26 12", class: "key", "aria-hidden": "true" }, draw("g", { class: "node inferred" }, box)), "inferred"));
  }
  const seen = [...new Set(tree.links.map((link) => link.relation))];
  for (const relation of seen) parts.push(make("span", {}, sample(relation, "firm"), relation));
  for (const grade of ["weak", "undecided"]) {
    if (links.some((link) => gradeOf(link) === grade)) parts.push(make("span", {}, sample("finetune", grade), `${gradeMark[grade]}${grade}`));
  }
  if (nodes.some(isContradicted)) parts.push(make("span", {}, draw("svg", { viewBox: "0 0 26 12", class: "key", "aria-hidden": "true" }, draw("g", { class: "node contradicted" }, draw("rect", { x: 1, y: 1, width: 24, height: 10 }))), "declared base contradicted"));
  if (links.length) parts.push(make("span", {}, "on edges: distance, support"));
  legend.replaceChildren(...parts);
}

function sample(relation, grade) {
  const group = draw("g", { class: `edge${gradeClass({ grade })}`, "data-relation": relation });
  const line = draw("path", { class: "line", d: "M0 4H26" });
  line.style.strokeDasharray = data.dashes[relation] ?? "";
  group.append(line, draw("path", { class: "core", d: "M0 4H26" }));
  return draw("svg", { viewBox: "0 0 26 8", "aria-hidden": "true" }, group);
}
