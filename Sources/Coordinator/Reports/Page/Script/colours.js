// Colours of families, relations and distances.

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
