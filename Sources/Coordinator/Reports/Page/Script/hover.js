// What the pointer shows.

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
