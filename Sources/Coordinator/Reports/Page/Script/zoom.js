// Zoom and pan.

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
