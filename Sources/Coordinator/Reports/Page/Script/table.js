// The table of edges: only the rows in view are elements.

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
