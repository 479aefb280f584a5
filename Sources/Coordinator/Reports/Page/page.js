"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const tree = JSON.parse(byId("tree-data").textContent);
  const data = JSON.parse(byId("page-data").textContent);
  const layout = data.layout;

  // ---- elements: names become text, never markup ------------------------------------------------
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const draw = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children) {
      if (child !== null && child !== undefined) element.append(child);
    }
    return element;
  }

  // ---- the forest --------------------------------------------------------------------------------
  const number = new Map(tree.nodes.map((node, i) => [node.id, i]));
  const nodes = tree.nodes.map((node, i) => ({
    i, node, id: node.id, family: node.family, label: layout.labels[i], width: layout.widths[i],
    parent: null, link: null, children: [], extra: [], parts: [], extraChildren: [], depth: 0, size: 1,
    files: data.files[i], next: data.nextBest[i], evidence: data.evidence[i] ?? null,
  }));
  const links = tree.links.filter((link) => !link.extra);
  const extraLinks = tree.links.filter((link) => link.extra);
  /// A component of the target that was taken from the source; no edge of a tree.
  const isPart = (link) => link.relation === "contains";
  for (const link of links) {
    const child = nodes[number.get(link.target)];
    child.parent = number.get(link.source);
    child.link = link;
  }
  for (const link of extraLinks) {
    nodes[number.get(link.target)][isPart(link) ? "parts" : "extra"].push(link);
    nodes[number.get(link.source)].extraChildren.push(number.get(link.target));
  }
  for (const i of data.order) {
    const node = nodes[i];
    if (node.parent === null) continue;
    nodes[node.parent].children.push(i);
    node.depth = nodes[node.parent].depth + 1;
  }
  for (const i of [...data.order].reverse()) {
    if (nodes[i].parent !== null) nodes[nodes[i].parent].size += nodes[i].size;
  }
  const place = new Map(data.order.map((i, position) => [i, position]));
  const families = new Map();
  for (const i of data.order) {
    if (!families.has(nodes[i].family)) families.set(nodes[i].family, []);
    families.get(nodes[i].family).push(i);
  }

  const ancestors = (i) => {
    const way = [];
    for (let n = nodes[i].parent; n !== null; n = nodes[n].parent) way.push(n);
    return way;
  };
  const descendants = (i) => data.order.slice(place.get(i) + 1, place.get(i) + nodes[i].size);

  // ---- words and numbers -------------------------------------------------------------------------
  const short = (value) => {
    if (value === null || value === undefined || Number.isNaN(value)) return "–";
    if (value === 0 || !Number.isFinite(value)) return String(value);
    return Math.abs(value) < 1e-4 || Math.abs(value) >= 1e6 ? value.toExponential(2) : String(Number(value.toPrecision(4)));
  };
  const percent = (share) => `${Math.round(share * 100)} %`;
  const bytes = (count) => {
    let unit = 0;
    let value = count;
    while (value >= 999.5 && unit < 5) { value /= 1000; unit += 1; }
    return `${unit === 0 ? value : Number(value.toPrecision(3))} ${["B", "kB", "MB", "GB", "TB", "PB"][unit]}`;
  };
  const models = (count) => `${count} ${count === 1 ? "model" : "models"}`;
  const relationText = (link) => (isPart(link) ? `contains its ${link.component}` : link.relation + (link.rank ? `, rank ${link.rank}` : ""));
  const shareText = (link) => (link.share === undefined ? "" : ` ${percent(link.share)}`);
  /// One scale everywhere: a mark where there is no room, a word where there is (Graph/Grade.swift).
  const gradeOf = (link) => link.grade ?? (link.undecided ? "undecided" : "firm");
  const gradeMark = { firm: "", weak: "~ ", undecided: "? " };
  const gradeClass = (link) => ({ firm: "", weak: " weak", undecided: " doubt" })[gradeOf(link)];
  const isOrderInDoubt = (link) => gradeOf(link) !== "firm" && link.direction_support < link.support;
  const certainty = (link) => Math.min(link.support, link.direction_support);
  const alternative = (link) => (isOrderInDoubt(link) ? "the reverse" : link.runner_up ?? null);
  const doubtText = (link) => (gradeOf(link) === "firm" ? "" : `, ${gradeOf(link)}${gradeOf(link) === "undecided" && alternative(link) ? `: or ${alternative(link)}` : ""}`);
  const hintText = { agrees: "agrees", ancestor: "is an ancestor", contradicts: "contradicted" };
  const declaredText = (n) => (n.node.declared_base === undefined ? "" : `${n.node.declared_base}: ${hintText[n.node.hint] ?? "not in the collection"}`);
  /// The same for a narrow column: what matters first.
  const claimText = (n) => (n.node.declared_base === undefined ? "" : `${hintText[n.node.hint] ?? "not here"}: ${n.node.declared_base}`);
  const isContradicted = (n) => n.node.hint === "contradicts";
  const inferredText = (n) => `inferred, not in the collection: support ${percent(n.node.support)}`;

  // ---- colours -----------------------------------------------------------------------------------
  const hues = ["#3d6fe0", "#dd7a00", "#1f9d74", "#c8458f", "#8a5fd6", "#a89200", "#0f9fb5", "#d24a3c", "#7b8f3a", "#a06a44", "#5c7da8", "#777777"];
  const ramps = {
    light: [[253, 231, 37], [94, 201, 98], [33, 145, 140], [59, 82, 139], [68, 1, 84]],
    near: [[68, 1, 84], [72, 84, 143], [56, 139, 158], [120, 191, 160], [226, 236, 205], [248, 248, 242]],
    nearDark: [[253, 231, 120], [180, 200, 100], [60, 150, 135], [46, 95, 125], [36, 50, 80], [24, 28, 40]],
  };
  const ramp = (stops, t) => {
    const at = Math.min(Math.max(t, 0), 1) * (stops.length - 1);
    const low = Math.min(Math.floor(at), stops.length - 2);
    return stops[low].map((value, c) => Math.round(value + (stops[low + 1][c] - value) * (at - low)));
  };
  const css = (rgb) => `rgb(${rgb[0]} ${rgb[1]} ${rgb[2]})`;

  const attributes = new Map([
    ["family", (n) => `family ${n.family}`],
    ["relation to parent", (n) => (n.link ? n.link.relation : "root")],
    ["support of edge", (n) => (n.link ? n.link.support : null)],
    ["grade of edge", (n) => (n.link ? gradeOf(n.link) : "root")],
    ["distance to parent", (n) => (n.link ? n.link.distance : null)],
    ["depth", (n) => n.depth],
    ["bytes", (n) => (n.files ? n.files.bytes : null)],
  ]);
  const shownElsewhere = new Set(["id", "path", "family", "root", "duplicate_of"]);
  for (const node of tree.nodes) {
    for (const [key, value] of Object.entries(node)) {
      if (shownElsewhere.has(key) || attributes.has(key)) continue;
      if (["number", "string", "boolean"].includes(typeof value)) attributes.set(key, (n) => n.node[key] ?? null);
    }
  }

  function palette(name) {
    const read = attributes.get(name);
    const values = nodes.map(read).filter((value) => value !== null && value !== undefined);
    const distinct = [...new Set(values)];
    if (values.every((value) => typeof value === "number") && distinct.length > 6) {
      // In a loop: as arguments of a function, a hundred thousand numbers would overflow the stack.
      let [low, high] = [Infinity, -Infinity];
      for (const value of values) {
        low = Math.min(low, value);
        high = Math.max(high, value);
      }
      const of = (value) => css(ramp(ramps.light, high > low ? (value - low) / (high - low) : 0.5));
      return { low, high, of: (n) => (read(n) === null ? "#8a8f98" : of(read(n))), items: null };
    }
    if (name !== "family") distinct.sort((a, b) => (a < b ? -1 : 1));
    const colours = new Map(distinct.map((value, k) => [value, hues[k % hues.length]]));
    return {
      of: (n) => colours.get(read(n)) ?? "#8a8f98",
      items: distinct.map((value) => [String(value), colours.get(value)]),
    };
  }

  // ---- state -------------------------------------------------------------------------------------
  const state = {
    lengths: "equal", colour: "family", folded: new Set(), selected: null, hits: [], hit: -1,
    zoom: { x: 0, y: 0, k: 1 }, touched: false, focus: data.order[0] ?? null,
    sort: { column: 3, down: false }, show: "all", matched: null, pair: null,
  };
  /// From so many models on only what is in view is drawn, and a view from far is painted instead of built of elements.
  const isLarge = nodes.length > 600;

  /// Which models are shown in full; of an edge it is the child that matches.
  const filters = {
    all: null,
    "not-firm": (n) => n.link !== null && gradeOf(n.link) !== "firm",
    undecided: (n) => n.link !== null && gradeOf(n.link) === "undecided",
    contradicted: isContradicted,
    inferred: (n) => n.node.inferred === true || n.parts.length > 0,
  };
  let spot = [];
  let visible = [];
  let extent = { w: 1, h: 1 };
  let colours = palette("family");

  // ---- arrangement: Swift's tidy trees, less what is folded, side by side ------------------------
  const titleRoom = 34;
  const isLone = (members) => members.length === 1;
  // A model without a score shares nothing that could be compared.
  const isCompared = (n) => n.node.inferred === true || n.node.score !== undefined;
  const observed = nodes.filter((n) => !n.node.inferred).length;
  const others = observed - 1;
  const grown = [...families.values()].filter((members) => !isLone(members)).length;
  const loneText = (n) => {
    if (!isCompared(n)) return "not compared with any other model";
    const compared = n.node.compared ?? others;
    return compared > 0 && compared < others ? `related to none of the ${compared} it was compared with, of ${others}` : "related to no other model";
  };

  function arrange(aspect) {
    const own = layout[state.lengths];
    const blocks = [];
    const lone = [];
    visible = [];
    for (const [family, members] of [...families].sort((a, b) => b[1].length - a[1].length || a[0] - b[0])) {
      if (isLone(members)) { lone.push(members[0]); continue; }
      const hidden = new Set();
      const shown = members.filter((i) => {
        const above = nodes[i].parent;
        if (above !== null && (hidden.has(above) || state.folded.has(above))) { hidden.add(i); return false; }
        return true;
      });
      const rows = compact(shown.map((i) => own.y[i]), hidden.size > 0);
      const block = { title: `family ${family} · ${models(members.length)}`, w: 0, h: 0, put: [] };
      for (const i of shown) {
        const [x, y] = [own.x[i], rows(own.y[i])];
        block.put.push([i, x, y]);
        block.w = Math.max(block.w, x + nodes[i].width + (nodes[i].children.length && state.folded.has(i) ? 44 : 12));
        block.h = Math.max(block.h, y + layout.row);
      }
      block.w = Math.max(block.w, block.title.length * 7.5);
      blocks.push(block);
    }
    const [strangers, unknown] = [lone.filter((i) => isCompared(nodes[i])), lone.filter((i) => !isCompared(nodes[i]))];
    if (strangers.length) blocks.push(grid(strangers, "related to no other"));
    if (unknown.length) blocks.push(grid(unknown, "not compared"));
    extent = pack(blocks, aspect);
    spot = new Array(nodes.length).fill(null);
    for (const block of blocks) {
      for (const [i, x, y] of block.put) {
        spot[i] = { x: block.x + x, y: block.y + titleRoom + y + layout.box / 2 };
        visible.push(i);
      }
    }
    return blocks;
  }

  /// Closes the rows that nobody stands in any more: neighbours come no nearer than one row.
  function compact(ys, isNeeded) {
    if (!isNeeded) return (y) => y;
    const sorted = [...new Set(ys)].sort((a, b) => a - b);
    const moved = new Map();
    let at = 0;
    sorted.forEach((y, k) => {
      if (k > 0) at += Math.min(y - sorted[k - 1], layout.row);
      moved.set(y, at);
    });
    return (y) => moved.get(y);
  }

  function grid(lone, title) {
    const columns = Math.max(1, Math.ceil(Math.sqrt(lone.length / 4)));
    const perColumn = Math.ceil(lone.length / columns);
    const block = { title: `${title} · ${models(lone.length)}`, w: 0, h: 0, put: [] };
    let x = 0;
    for (let c = 0; c < columns; c += 1) {
      const part = lone.slice(c * perColumn, (c + 1) * perColumn);
      part.forEach((i, r) => block.put.push([i, x, r * layout.row]));
      block.h = Math.max(block.h, part.length * layout.row);
      x += Math.max(0, ...part.map((i) => nodes[i].width)) + 20;
    }
    block.w = Math.max(x, block.title.length * 7.5);
    return block;
  }

  /// Shelves from left to right; what is lower than its shelf is stacked. Of several widths the one
  /// that can be shown largest.
  function pack(blocks, aspect) {
    const gap = 46;
    const attempt = (limit) => {
      let [x, y, shelf, width, column] = [0, 0, 0, 0, null];
      const spots = [];
      for (const block of blocks) {
        const h = block.h + titleRoom;
        if (column && column.y + h <= y + shelf && block.w <= column.w * 1.15) {
          spots.push([column.x, column.y]);
          column.w = Math.max(column.w, block.w);
          column.y += h + gap / 2;
        } else {
          if (column) x = column.x + column.w + gap;
          if (column && x + block.w > limit) { y += shelf + gap; x = 0; shelf = 0; }
          shelf = Math.max(shelf, h);
          spots.push([x, y]);
          column = { x, y: y + h + gap / 2, w: block.w };
        }
        width = Math.max(width, column.x + column.w);
      }
      return { spots, w: width, h: y + shelf };
    };
    const widest = Math.max(1, ...blocks.map((block) => block.w));
    const total = blocks.reduce((sum, block) => sum + block.w + gap, 0);
    let best = null;
    for (let step = 0; step <= 24; step += 1) {
      const found = attempt(widest + (Math.max(total, widest) - widest) * (step / 24) ** 1.7);
      found.zoom = Math.min(aspect / found.w, 1 / found.h);
      if (!best || found.zoom > best.zoom * 1.001) best = found;
    }
    blocks.forEach((block, k) => { [block.x, block.y] = best.spots[k]; });
    return { w: Math.max(best.w, 1), h: Math.max(best.h, 1) };
  }

  // ---- the picture -------------------------------------------------------------------------------
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

  // ---- what of the picture are elements -----------------------------------------------------------
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

  // ---- what is lit ---------------------------------------------------------------------------------
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

  // ---- the address says what is shown, so that it can be handed on ------------------------------------
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

  // ---- zoom and pan --------------------------------------------------------------------------------
  let waiting = new Set();
  function later(work) {
    if (waiting.has(work)) return;
    waiting.add(work);
    requestAnimationFrame(() => { waiting.delete(work); work(); });
  }

  function applyZoom() {
    const { x, y, k } = state.zoom;
    world.setAttribute("transform", `translate(${x.toFixed(2)} ${y.toFixed(2)}) scale(${k.toFixed(4)})`);
    svg.classList.toggle("far", k * 12 < 6.4);
    svg.classList.toggle("mid", k * 9.5 < 6.2);
    later(draft);
    later(label);
  }

  function fit() {
    const box = stage.getBoundingClientRect();
    const room = { w: Math.max(box.width - 40, 50), h: Math.max(box.height - 24 - Math.min(byId("legend").offsetHeight + 24, 90), 50) };
    const h = extent.h + (state.lengths === "distance" ? 50 : 0);
    const k = Math.min(room.w / extent.w, room.h / h, 1.3);
    state.zoom = { k, x: Math.max(20, (box.width - extent.w * k) / 2), y: 12 + Math.max(0, (room.h - h * k) / 2) };
    state.touched = false;
    applyZoom();
  }

  function zoomAt(factor, px, py) {
    const z = state.zoom;
    const k = Math.min(Math.max(z.k * factor, 0.02), 6);
    z.x = px - (px - z.x) * (k / z.k);
    z.y = py - (py - z.y) * (k / z.k);
    z.k = k;
    state.touched = true;
    applyZoom();
  }

  function centre(i) {
    if (!spot[i]) return;
    const box = stage.getBoundingClientRect();
    if (state.zoom.k < 0.75) state.zoom.k = 0.9;
    const z = state.zoom;
    z.x = box.width / 2 - (spot[i].x + nodes[i].width / 2) * z.k;
    z.y = box.height / 2 - spot[i].y * z.k;
    state.touched = true;
    applyZoom();
  }

  /// On a phone the details cover the lower half: what was selected moves above them.
  function keepAboveSheet() {
    const i = state.selected;
    if (i === null || !spot[i] || !window.matchMedia("(max-width: 760px)").matches) return;
    const box = stage.getBoundingClientRect();
    const room = byId("detail-pane").getBoundingClientRect().top - box.top;
    if (room < 40) return;
    const z = state.zoom;
    const [left, middle] = [z.x + spot[i].x * z.k, z.y + spot[i].y * z.k];
    const right = left + nodes[i].width * z.k;
    if (middle > 20 && middle < room - 20 && left >= 0 && right <= box.width) return;
    if (middle <= 20 || middle >= room - 20) z.y += room / 2 - middle;
    if (left < 0 || right > box.width) z.x += box.width / 2 - (left + right) / 2;
    state.touched = true;
    applyZoom();
  }

  let dragged = false;
  const pointers = new Map();
  svg.addEventListener("wheel", (event) => {
    event.preventDefault();
    const box = stage.getBoundingClientRect();
    const step = event.deltaMode === 1 ? 24 : 1;
    zoomAt(Math.exp(-event.deltaY * step * 0.0016), event.clientX - box.left, event.clientY - box.top);
  }, { passive: false });
  svg.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
    if (pointers.size === 1) dragged = false;
  });
  window.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const now = { x: event.clientX, y: event.clientY };
    if (pointers.size === 1) {
      if (!dragged && Math.hypot(now.x - before.x, now.y - before.y) < 4) return;
      dragged = true;
      svg.classList.add("dragging");
      hideTip();
      state.touched = true;
      state.zoom.x += now.x - before.x;
      state.zoom.y += now.y - before.y;
      applyZoom();
    } else {
      const other = [...pointers].find(([id]) => id !== event.pointerId)[1];
      const box = stage.getBoundingClientRect();
      const ratio = Math.hypot(now.x - other.x, now.y - other.y) / Math.max(1, Math.hypot(before.x - other.x, before.y - other.y));
      dragged = true;
      zoomAt(ratio, (now.x + other.x) / 2 - box.left, (now.y + other.y) / 2 - box.top);
    }
    pointers.set(event.pointerId, now);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    window.addEventListener(name, (event) => {
      pointers.delete(event.pointerId);
      if (!pointers.size) svg.classList.remove("dragging");
    });
  }
  svg.addEventListener("click", (event) => {
    if (dragged || event.target !== svg) return;
    const i = paintedAt(event);
    if (i !== null) select(i);
    else if (state.selected !== null) select(state.selected);
  });
  svg.addEventListener("pointermove", (event) => {
    if (canvas.hidden || event.target !== svg) return;
    const i = paintedAt(event);
    if (i === null) hideTip(); else showTip(event, () => nodeTip(i));
  });
  svg.addEventListener("pointerleave", () => { if (!canvas.hidden) hideTip(); });

  /// Names for a view from far: the most important ones that find room.
  function label() {
    if (!svg.classList.contains("far")) { overlay.replaceChildren(); return; }
    const { x, y, k } = state.zoom;
    const box = stage.getBoundingClientRect();
    const hits = hitSet;
    const rank = (i) => (i === state.selected ? 1e9 : 0) + (hits.has(i) ? 1e6 : 0) + (lit.has(i) ? 1e4 : 0) + (nodes[i].parent === null ? 1e3 : 0) + nodes[i].size;
    const taken = [];
    const isFree = (room) => !taken.some((other) => room.l < other.r && room.r > other.l && room.t < other.b && room.b > other.t);
    const texts = [];
    for (const title of titles) {
      const [left, middle] = [x + title.x * k, y + title.y * k + 2];
      const room = { l: left, r: left + title.text.length * 7, t: middle - 9, b: middle + 9 };
      if (!isFree(room)) continue;
      taken.push(room);
      texts.push(draw("text", { x: left, y: middle, class: "family-title" }, title.text));
    }
    const least = visible.length / 60;
    if (!ranked) {
      const ranks = new Map(visible.map((i) => [i, rank(i)]));
      ranked = [...visible].sort((a, b) => ranks.get(b) - ranks.get(a) || a - b);
    }
    for (const i of ranked) {
      if (texts.length >= 140) break;
      const isWanted = i === state.selected || hits.has(i) || lit.has(i);
      if (!isWanted && (state.selected !== null || nodes[i].size < least)) continue;
      const [left, middle] = [x + spot[i].x * k, y + spot[i].y * k];
      const room = { l: left, r: left + nodes[i].label.length * 6.7 + 6, t: middle - 8, b: middle + 8 };
      if (room.r < 0 || room.r > box.width || room.b < 0 || room.t > box.height) continue;
      if (!isFree(room)) continue;
      taken.push(room);
      texts.push(draw("text", { x: left + 2, y: middle, class: i === state.selected ? "selected" : null }, nodes[i].label));
    }
    overlay.replaceChildren(...texts);
  }

  // ---- details -------------------------------------------------------------------------------------
  const button = (i) => make("button", { type: "button", onclick: () => select(i, { keep: true, centre: true }) }, nodes[i].id);

  function rows(list) {
    const element = make("dl");
    for (const [name, value] of list) {
      if (value === null || value === undefined || value === "") continue;
      element.append(make("dt", {}, name), make("dd", { class: "number" }, value));
    }
    return element;
  }

  function nextBestText(n) {
    if (!n.next) return null;
    return [button(n.next.node), make("span", {}, ` at ${short(n.next.distance)}`)];
  }

  function alternativeParts(link, ending) {
    if (!isOrderInDoubt(link) && number.has(link.runner_up)) return [button(number.get(link.runner_up)), ending];
    return [isOrderInDoubt(link) ? "the reverse" : "another parent", ending];
  }

  function details(i) {
    const n = nodes[i];
    const link = n.link;
    const parts = [make("h2", {}, n.id)];
    const alone = isLone(families.get(n.family));
    parts.push(make("p", { class: "kind" }, alone ? loneText(n) : `${link ? relationText(link) : "root"} · family ${n.family} · depth ${n.depth}`));
    if (link && gradeOf(link) === "undecided") parts.push(make("p", { class: "verdict" }, "Undecided: ", ...alternativeParts(link, " is nearly as likely."))) ;
    if (link && gradeOf(link) === "weak") parts.push(make("p", { class: "verdict mild" }, "Weak: ", ...alternativeParts(link, " is within noise.")));
    if (isContradicted(n)) parts.push(make("p", { class: "verdict wrong" }, `Declared base ${n.node.declared_base}: contradicted by the weights.`));
    if (n.node.inferred) parts.push(make("p", { class: "verdict" }, `An ancestor that its children imply: ${inferredText(n)}.`));
    if (n.node.duplicate_of) parts.push(make("p", { class: "verdict" }, "The same weights as ", button(number.get(n.node.duplicate_of))));
    if (link) {
      const next = nextBestText(n);
      parts.push(make("h3", {}, "Parent"), rows([
        ["parent", button(n.parent)], ["distance", short(link.distance)], ["support", percent(link.support)],
        ["direction", percent(link.direction_support)], ["grade", gradeOf(link)],
        ["rank of change", link.rank ?? null],
        ["share", link.share === undefined ? null : percent(link.share)],
        ["next best parent", next ? make("span", {}, ...next) : null],
        ...n.extra.map((other) => ["also from", make("span", {}, button(number.get(other.source)), ` ${percent(other.share ?? 0)}`)]),
        ...otherFields(link, ["source", "target", "distance", "support", "direction_support", "relation", "rank", "share", "component", "undecided", "extra", "grade", "runner_up", "hint"]),
      ]));
    } else if (n.next) {
      parts.push(make("h3", {}, "Root"), rows([["next best parent", make("span", {}, ...nextBestText(n))]]));
    }
    if (n.evidence) parts.push(...evidence(n));
    if (n.parts.length) {
      parts.push(make("h3", {}, "Components from other models"), rows(n.parts.map((part) => [
        part.component, make("span", {}, button(number.get(part.source)), shareText(part))])));
    }
    if (!n.node.inferred) parts.push(make("h3", {}, "Model"), rows([
      ["type", n.node.dtype], ["parameters", n.node.parameters?.toLocaleString("en")], ["size", n.files ? bytes(n.files.bytes) : null],
      ["score", n.node.score === undefined ? null : short(n.node.score)], ["path", n.node.path],
      ["files", n.files && n.files.names.length ? n.files.names.slice(0, 12).join("\n") + (n.files.names.length > 12 ? `\nand ${n.files.names.length - 12} more` : "") : null],
      ["declared base", declaredText(n)],
      ["compared with", n.node.compared === undefined ? null : models(n.node.compared)],
      ...otherFields(n.node, ["id", "path", "family", "root", "score", "dtype", "parameters", "duplicate_of", "declared_base", "declared_model", "hint", "compared"]),
    ]));
    if (n.children.length) {
      parts.push(make("h3", {}, `Children (${n.children.length}), ${models(n.size - 1)} below`),
        make("p", { class: "links" }, ...n.children.slice(0, 40).map(button), n.children.length > 40 ? make("span", {}, `and ${n.children.length - 40} more`) : null));
    }
    const way = ancestors(i);
    if (way.length > 1) parts.push(make("h3", {}, "Way to the root"), make("p", { class: "links" }, ...way.map(button)));
    parts.push(make("p", { class: "hint" }, make("a", { href: address() }, "Link to this view")));
    return parts;
  }

  /// What speaks for the place of a model, what against it, and what was compared.
  function evidence(n) {
    const { speaksFor, speaksAgainst, compared, experience } = n.evidence;
    const parts = [];
    const add = (title, lines, kind) => {
      if (lines.length) parts.push(make("h3", {}, title), make("ul", { class: `evidence ${kind}` }, ...lines.map((line) => make("li", {}, line))));
    };
    add("Speaks for it", speaksFor, "for");
    add("Speaks against it", n.link && !speaksAgainst.length ? ["nothing that was compared"] : speaksAgainst, "against");
    add("What was compared", compared, "compared");
    if (experience) parts.push(make("h3", {}, "How often such edges are right"), make("p", { class: "hint" }, `${experience[0].toUpperCase()}${experience.slice(1)}.`));
    return parts;
  }

  /// What this version of the page has no words for is shown as it is.
  const otherFields = (object, known) => Object.entries(object).filter(([key, value]) => !known.includes(key) && value !== null)
    .map(([key, value]) => [key.replaceAll("_", " "), typeof value === "number" ? short(value) : typeof value === "object" ? JSON.stringify(value) : String(value)]);

  function welcome() {
    const doubtful = links.filter((link) => gradeOf(link) === "undecided");
    const contradicted = nodes.filter(isContradicted);
    const keys = make("div", { class: "keys" });
    for (const [key, words] of [["/", "search"], ["← →", "to the parent, to a child"], ["↑ ↓", "previous, next model"], ["Enter", "select"], ["Space", "fold"], ["+ − 0", "larger, smaller, all"]]) {
      keys.append(make("kbd", {}, key), make("span", {}, words));
    }
    const parts = [make("h2", {}, `${models(observed)}, ${grown} ${grown === 1 ? "family" : "families"}`),
      make("p", { class: "hint" }, "Click a model to see its ancestors and descendants, here and in the heat map.")];
    if (doubtful.length) {
      parts.push(make("h3", {}, `Undecided edges (${doubtful.length})`),
        make("p", { class: "links" }, ...doubtful.slice(0, 12).map((link) => button(number.get(link.target)))));
    }
    if (contradicted.length) {
      parts.push(make("h3", {}, `Declared bases contradicted (${contradicted.length})`),
        make("p", { class: "links" }, ...contradicted.slice(0, 12).map((n) => button(n.i))));
    }
    parts.push(keys);
    return parts;
  }

  // ---- hover -----------------------------------------------------------------------------------------
  const tip = byId("tip");
  function showTip(event, content) {
    if (event.pointerType === "touch" || pointers.size) return;
    tip.replaceChildren(...content());
    tip.hidden = false;
    moveTip(event);
  }
  function moveTip(event) {
    if (tip.hidden) return;
    const [w, h] = [tip.offsetWidth, tip.offsetHeight];
    tip.style.left = `${Math.max(6, Math.min(event.clientX + 16, innerWidth - w - 8))}px`;
    tip.style.top = `${event.clientY + 18 + h > innerHeight ? Math.max(6, event.clientY - h - 12) : event.clientY + 18}px`;
  }
  function hideTip() { tip.hidden = true; }

  function nodeTip(i) {
    const n = nodes[i];
    return [make("b", {}, n.id), rows([
      ["parent", n.link ? `${n.link.source} at ${short(n.link.distance)}` : isLone(families.get(n.family)) ? `none, ${loneText(n)}` : "none, root"],
      ["next best", n.next ? `${nodes[n.next.node].id} at ${short(n.next.distance)}` : null],
      ["relation", n.link ? relationText(n.link) : null],
      ["support", n.link ? `${percent(n.link.support)}, direction ${percent(n.link.direction_support)}${doubtText(n.link)}` : null],
      ["declared", declaredText(n)],
      ["score", n.node.score === undefined ? null : short(n.node.score)],
      ["type", n.node.dtype], ["parameters", n.node.parameters?.toLocaleString("en")],
      ["size", n.files ? bytes(n.files.bytes) : null], ["file", n.files?.names.length ? n.files.names[0] : n.node.path],
    ])];
  }

  function edgeTip(link, words, isExtra) {
    if (isExtra) return [make("b", {}, words)];
    return [make("b", {}, `${link.source} → ${link.target}`), rows([
      ["relation", relationText(link)], ["distance", short(link.distance)],
      ["support", `${percent(link.support)}${doubtText(link)}`], ["direction", percent(link.direction_support)],
    ])];
  }

  // ---- search ------------------------------------------------------------------------------------------
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

  // ---- heat map ------------------------------------------------------------------------------------------
  const matrix = data.matrix;
  const codes = (() => {
    const raw = atob(matrix.values);
    const values = new Uint16Array(raw.length / 2);
    for (let k = 0; k < values.length; k += 1) values[k] = raw.charCodeAt(2 * k) | (raw.charCodeAt(2 * k + 1) << 8);
    return values;
  })();
  const codeAt = (a, b) => {
    const [low, high] = a < b ? [a, b] : [b, a];
    return codes[low * matrix.side - (low * (low - 1)) / 2 + (high - low)];
  };
  const distanceAt = (a, b) => (codeAt(a, b) === 65535 ? null : (codeAt(a, b) / 65534) ** 2 * matrix.greatest);
  const cell = (i) => Math.floor(place.get(i) / matrix.step);
  const map = byId("map");
  const marks = byId("map-marks");
  const isDark = () => document.documentElement.dataset.theme === "dark";

  /// The largest distance within a family: beyond it are strangers, who need no shades.
  const reach = (() => {
    let greatest = 0;
    const owner = Array.from({ length: matrix.side }, (_, c) => nodes[data.order[c * matrix.step]].family);
    for (let a = 0; a < matrix.side; a += 1) {
      for (let b = a; b < matrix.side && owner[b] === owner[a]; b += 1) {
        if (codeAt(a, b) !== 65535) greatest = Math.max(greatest, codeAt(a, b));
      }
    }
    return greatest || 65534;
  })();

  function drawMap() {
    const side = matrix.side;
    map.width = side;
    map.height = side;
    if (!side) return;
    const context = map.getContext("2d");
    const image = context.createImageData(side, side);
    const stops = isDark() ? ramps.nearDark : ramps.near;
    const shades = Array.from({ length: 256 }, (_, k) => ramp(stops, k / 255));
    const none = isDark() ? [38, 42, 50] : [255, 255, 255];
    const unknown = isDark() ? [74, 62, 52] : [226, 214, 200];
    let hasUnknown = false;
    for (let a = 0; a < side; a += 1) {
      for (let b = a; b < side; b += 1) {
        const code = codeAt(a, b);
        if (code === 65535) hasUnknown = true;
        const shade = code === 65535 ? unknown : code > reach ? none : shades[Math.round((code / reach) * 255)];
        for (const at of [4 * (a * side + b), 4 * (b * side + a)]) {
          [image.data[at], image.data[at + 1], image.data[at + 2], image.data[at + 3]] = [shade[0], shade[1], shade[2], 255];
        }
      }
    }
    context.putImageData(image, 0, 0);
    const bar = make("span", { class: "ramp" });
    bar.style.background = `linear-gradient(90deg, ${stops.map(css).join(",")})`;
    byId("map-legend").replaceChildren(make("span", { title: "Shades follow the root of the distance; beyond the largest distance within a family there are none" },
      "0", bar, `${short((reach / 65534) ** 2 * matrix.greatest)} within families`),
    ...(hasUnknown ? [make("span", {}, swatch(css(unknown)), "not compared")] : []));
    byId("map-note").textContent = matrix.step > 1 ? `means of ${matrix.step} × ${matrix.step} models` : "in the order of the tree";
    drawMarks();
  }

  function swatch(colour) {
    const element = make("i");
    element.style.setProperty("--c", colour);
    return element;
  }

  /// Borders of the families, the selected model's row and column, its relatives at the rim.
  function drawMarks() {
    const box = byId("map-box").getBoundingClientRect();
    const size = Math.max(1, Math.round(box.width));
    const scale = window.devicePixelRatio || 1;
    marks.width = size * scale;
    marks.height = size * scale;
    const context = marks.getContext("2d");
    context.scale(scale, scale);
    const unit = size / Math.max(matrix.side, 1);
    const style = getComputedStyle(document.documentElement);
    context.strokeStyle = style.getPropertyValue("--soft");
    context.lineWidth = 1;
    context.globalAlpha = 0.55;
    let at = 0;
    const inOrder = [...families].sort((a, b) => place.get(a[1][0]) - place.get(b[1][0]));
    if (families.size <= 60) {
      for (const [, members] of inOrder) {
        const edge = Math.round((at / matrix.step) * unit) + 0.5;
        const length = (members.length / matrix.step) * unit;
        if (members.length > 1) context.strokeRect(edge, edge, length - 1, length - 1);
        at += members.length;
      }
    }
    context.globalAlpha = 1;
    const accent = style.getPropertyValue("--accent");
    if (state.selected !== null) {
      const own = cell(state.selected);
      context.fillStyle = accent;
      for (const i of lit) {
        const c = cell(i) * unit;
        context.fillRect(c, 0, Math.max(unit, 1.5), 4);
        context.fillRect(0, c, 4, Math.max(unit, 1.5));
      }
      context.strokeStyle = accent;
      context.lineWidth = 1.6;
      context.strokeRect(own * unit - 0.5, 0, Math.max(unit, 2) + 1, size);
      context.strokeRect(0, own * unit - 0.5, size, Math.max(unit, 2) + 1);
    }
    if (state.pair) {
      context.strokeStyle = style.getPropertyValue("--doubt");
      context.lineWidth = 2;
      context.strokeRect(state.pair[1] * unit - 1, state.pair[0] * unit - 1, Math.max(unit, 3) + 2, Math.max(unit, 3) + 2);
    }
  }

  const inCell = (c) => data.order.slice(c * matrix.step, (c + 1) * matrix.step);
  function cellName(c) {
    const there = inCell(c);
    return there.length === 1 ? nodes[there[0]].id : `${nodes[there[0]].id} and ${there.length - 1} more`;
  }
  function cellAt(event) {
    const box = map.getBoundingClientRect();
    const at = (value) => Math.min(matrix.side - 1, Math.max(0, Math.floor(value * matrix.side)));
    return [at((event.clientY - box.top) / box.height), at((event.clientX - box.left) / box.width)];
  }
  function say(pair) {
    state.pair = pair;
    byId("map-status").textContent = pair ? `${cellName(pair[0])} × ${cellName(pair[1])}: ${short(distanceAt(...pair))}` : "";
    drawMarks();
  }
  map.addEventListener("pointermove", (event) => {
    const pair = cellAt(event);
    say(pair);
    showTip(event, () => [make("b", {}, cellName(pair[0])), make("b", {}, cellName(pair[1])),
      rows([["distance", distanceAt(...pair) === null ? "share nothing" : short(distanceAt(...pair))],
        ["related", inCell(pair[0]).some((a) => inCell(pair[1]).some((b) => nodes[a].family === nodes[b].family)) ? "same family" : distanceAt(...pair) === null ? "not known: not compared" : "no"]])]);
  });
  map.addEventListener("pointerleave", () => { hideTip(); say(null); });
  map.addEventListener("click", (event) => select(inCell(cellAt(event)[0])[0], { keep: true }));
  map.addEventListener("keydown", (event) => {
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!matrix.side) return;
    const [a, b] = state.pair ?? [state.selected === null ? 0 : cell(state.selected), state.selected === null ? 0 : cell(state.selected)];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      const keep = (value) => Math.min(matrix.side - 1, Math.max(0, value));
      say([keep(a + step[0]), keep(b + step[1])]);
    } else if (event.key === "Enter") {
      event.stopPropagation();
      select(inCell(a)[0], { keep: true });
    }
  });
  byId("enlarge").addEventListener("click", () => {
    const isOn = document.body.classList.toggle("enlarged");
    byId("enlarge").setAttribute("aria-pressed", String(isOn));
    byId("enlarge").textContent = isOn ? "Reduce" : "Enlarge";
    drawMarks();
  });

  // ---- table: only the rows in view are elements ------------------------------------------------------------
  const rowHeight = 28;
  const table = byId("table");
  const spacer = make("div", { id: "spacer", role: "rowgroup" });
  const none = "–";
  const columns = [
    { name: "parent", key: (e) => e.link?.source ?? "", text: (e) => e.link?.source ?? none, kind: "name" },
    { name: "child", key: (e) => nodes[e.to].id, text: (e) => nodes[e.to].id, kind: "name" },
    { name: "distance", key: (e) => e.link?.distance ?? null, text: (e) => short(e.link?.distance), kind: "number" },
    { name: "grade", key: (e) => (e.link ? certainty(e.link) : -1), text: (e) => (e.link ? gradeOf(e.link) : "contradicted"), doubt: true, wrong: (e) => !e.link },
    { name: "support", key: (e) => e.link?.support ?? null, text: (e) => (e.link ? percent(e.link.support) : none), kind: "number", doubt: true, factor: 100 },
    { name: "direction", key: (e) => e.link?.direction_support ?? null, text: (e) => (e.link ? percent(e.link.direction_support) : none), kind: "number", factor: 100 },
    { name: "relation", key: (e) => e.link?.relation ?? "root", text: (e) => (e.link ? relationText(e.link) : "root") },
    { name: "family", key: (e) => nodes[e.to].family, text: (e) => String(nodes[e.to].family), kind: "number" },
    { name: "next best", key: (e) => (e.next ? nodes[e.next.node].id : ""), text: (e) => (e.next ? nodes[e.next.node].id : "–"), kind: "name" },
    { name: "at", key: (e) => (e.next ? e.next.distance : null), text: (e) => (e.next ? short(e.next.distance) : "–"), kind: "number" },
    { name: "declared", key: (e) => claimText(nodes[e.to]), text: (e) => claimText(nodes[e.to]), kind: "name", wrong: (e) => isContradicted(nodes[e.to]) },
  ];
  /// All edges, and the roots whose declared base the weights contradict: they have no edge that would say so.
  const edges = data.order.filter((i) => nodes[i].link || isContradicted(nodes[i])).map((i) => ({ link: nodes[i].link, from: nodes[i].parent, to: i, next: nodes[i].next }));
  let listed = edges;

  const head = make("div", { class: "row head", role: "row" });
  columns.forEach((column, c) => {
    head.append(make("div", { role: "columnheader", class: column.kind ?? "" },
      make("button", { type: "button", onclick: () => { state.sort = { column: c, down: state.sort.column === c && !state.sort.down }; table.scrollTop = 0; list(); } }, column.name)));
  });
  table.append(head, spacer);
  // Rows are grids of their own, so that the width of names is decided for all of them.
  table.style.setProperty("--name", `${Math.min(240, Math.max(100, ...nodes.map((n) => n.id.length * 7.6 + 18)))}px`);

  /// Words must all occur; `distance>1`, `support<90`, `family=2` compare.
  function test(text) {
    const tests = text.trim().toLowerCase().split(/\s+/).filter(Boolean).map((word) => {
      const found = /^([a-z]+)(<=|>=|<|>|=)([\d.e+-]+)%?$/.exec(word);
      const column = found && columns.find((c) => c.kind === "number" && c.name === found[1]);
      if (!column) return (e) => [nodes[e.to].id, ...(e.link ? [e.link.source, relationText(e.link), gradeOf(e.link)] : ["root"]), declaredText(nodes[e.to])].join("\n").toLowerCase().includes(word);
      const limit = Number(found[3]);
      const compare = { "<": (a) => a < limit, ">": (a) => a > limit, "<=": (a) => a <= limit, ">=": (a) => a >= limit, "=": (a) => a === limit }[found[2]];
      return (e) => column.key(e) !== null && compare(column.key(e) * (column.factor ?? 1));
    });
    return (e) => tests.every((one) => one(e));
  }

  function list() {
    const column = columns[state.sort.column];
    const direction = state.sort.down ? -1 : 1;
    const order = (a, b) => {
      const [x, y] = [column.key(a), column.key(b)];
      if (x === null || y === null) return (x === null ? 1 : 0) - (y === null ? 1 : 0);
      return direction * (typeof x === "string" ? x.localeCompare(y, undefined, { numeric: true }) : x - y);
    };
    const isMatching = filters[state.show] ?? (() => true);
    const isWanted = test(byId("filter").value);
    listed = edges.filter((e) => isMatching(nodes[e.to]) && isWanted(e)).sort(order);
    [...head.children].forEach((cellHead, c) => {
      const isSorted = c === state.sort.column;
      cellHead.setAttribute("aria-sort", isSorted ? (state.sort.down ? "descending" : "ascending") : "none");
      cellHead.firstChild.textContent = columns[c].name + (isSorted ? (state.sort.down ? " ↓" : " ↑") : "");
    });
    byId("rows").textContent = listed.length === edges.length ? `${edges.length}` : `${listed.length} of ${edges.length}`;
    table.setAttribute("aria-rowcount", String(listed.length + 1));
    spacer.style.height = `${listed.length * rowHeight}px`;
    drawRows();
  }

  function drawRows() {
    const first = printing ? 0 : Math.max(0, Math.floor(table.scrollTop / rowHeight) - 6);
    const count = printing ? listed.length : Math.ceil((table.clientHeight || 300) / rowHeight) + 12;
    const rowsInView = listed.slice(first, first + count).map((edge, k) => {
      const isLit = state.selected !== null && lit.has(edge.from) && lit.has(edge.to);
      const row = make("div", {
        class: `row body${edge.to === state.selected ? " selected" : isLit ? " lit" : ""}`, role: "row", "aria-rowindex": first + k + 2,
        "data-parent": edge.link?.source ?? null, "data-child": nodes[edge.to].id, onclick: () => select(edge.to, { keep: true, centre: true }),
      });
      row.style.top = `${(first + k) * rowHeight}px`;
      for (const column of columns) {
        const mark = column.doubt && edge.link ? gradeClass(edge.link) : column.wrong?.(edge) ? " wrong" : "";
        row.append(make("div", { role: "cell", class: `${column.kind ?? ""}${mark}`, title: column.kind === "name" ? column.text(edge) : null }, column.text(edge)));
      }
      return row;
    });
    spacer.replaceChildren(...rowsInView);
  }

  function scrollToRow(i) {
    const at = listed.findIndex((edge) => edge.to === i);
    if (at < 0) return;
    const [top, view] = [at * rowHeight, table.clientHeight - 60];
    if (top < table.scrollTop || top > table.scrollTop + view) table.scrollTop = Math.max(0, top - view / 2);
  }

  table.addEventListener("scroll", () => later(drawRows));
  table.addEventListener("keydown", (event) => {
    if (event.target !== table || !["ArrowUp", "ArrowDown"].includes(event.key) || !listed.length) return;
    event.preventDefault();
    event.stopPropagation();
    const now = listed.findIndex((edge) => edge.to === state.selected);
    const next = Math.min(listed.length - 1, Math.max(0, now + (event.key === "ArrowDown" ? 1 : -1)));
    select(listed[next].to, { keep: true });
  });
  byId("filter").addEventListener("input", () => { table.scrollTop = 0; list(); });

  /// As edges.csv has it: no control characters, and nothing that a spreadsheet would run (docs/file-formats.md).
  function csvCell(value) {
    const escaped = value.replace(/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]|\\(?=u\{)|[\ufffe\uffff]/gu, (found) => `\\u{${found.codePointAt(0).toString(16)}}`);
    const safe = /^'*[=+\-@\uff1d\uff0b\uff0d\uff20]/.test(escaped) ? `'${escaped}` : escaped;
    return /[",;]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
  }
  function csv() {
    const lines = ["parent,child,distance,support,direction_support,relation,family,grade,runner_up,declared_base,hint,next_best,next_best_distance"];
    for (const e of listed.filter((row) => row.link)) {
      lines.push([csvCell(e.link.source), csvCell(e.link.target), e.link.distance, e.link.support, e.link.direction_support, e.link.relation,
        nodes[e.to].family, gradeOf(e.link), e.link.runner_up === undefined ? "" : csvCell(e.link.runner_up),
        csvCell(nodes[e.to].node.declared_base ?? ""), nodes[e.to].node.hint ?? "", e.next ? csvCell(nodes[e.next.node].id) : "", e.next?.distance ?? ""].join(","));
    }
    return `${lines.join("\n")}\n`;
  }
  byId("export").addEventListener("click", () => {
    const link = make("a", { href: URL.createObjectURL(new Blob([csv()], { type: "text/csv" })), download: "edges.csv" });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  });

  // ---- the rest of the controls --------------------------------------------------------------------------------
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

  // ---- start ------------------------------------------------------------------------------------------------------
  byId("title").textContent = "Model tree";
  summarise();
  for (const { name, value } of data.facts) byId("facts").append(make("dt", {}, name), make("dd", {}, value));
  if (data.notes.length) {
    byId("notes").append(make("h3", {}, `Notes (${data.notes.length})`), ...data.notes.map((note) => make("p", {}, note)));
  }
  byId("citation").textContent = data.citation;
  document.documentElement.dataset.theme = remembered() ?? (prefersDark.matches ? "dark" : "light");
  list();
  foldToRead();
  render();
  drawMap();
  let width = stage.clientWidth;
  new ResizeObserver(() => {
    if (!state.touched) {
      if (Math.abs(stage.clientWidth - width) > 1) { width = stage.clientWidth; render(); } else fit();
    }
    drawMarks();
    later(drawRows);
  }).observe(stage);
  if (location.hash) follow();
  window.addEventListener("hashchange", follow);
})();
