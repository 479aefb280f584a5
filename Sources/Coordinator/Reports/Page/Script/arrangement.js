// The arrangement: Swift's tidy trees, less what is folded, side by side.

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
