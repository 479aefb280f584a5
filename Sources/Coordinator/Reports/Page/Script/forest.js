// The forest, as tree.json has it.

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
