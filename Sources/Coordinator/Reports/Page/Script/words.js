// Words and numbers.

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
