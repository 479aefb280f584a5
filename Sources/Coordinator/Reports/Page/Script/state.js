// What is shown, folded, selected.

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
