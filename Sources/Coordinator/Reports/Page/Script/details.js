// Details of a model.

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
