// The heat map of distances.

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
