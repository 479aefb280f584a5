// What happens first.

byId("title").textContent = "Model tree";
summarise();
for (const { name, value } of data.facts) byId("facts").append(make("dt", {}, name), make("dd", {}, value));
if (data.notes.length) {
  byId("notes").append(make("h3", {}, `Notes (${data.notes.length})`), ...data.notes.map((note) => make("p", {}, note)));
}
byId("citation").textContent = data.citation;
document.documentElement.dataset.theme = remembered() ?? (prefersDark.matches ? "dark" : "light");
list();
foldToRead();
render();
drawMap();
let width = stage.clientWidth;
new ResizeObserver(() => {
  if (!state.touched) {
    if (Math.abs(stage.clientWidth - width) > 1) { width = stage.clientWidth; render(); } else fit();
  }
  drawMarks();
  later(drawRows);
}).observe(stage);
if (location.hash) follow();
window.addEventListener("hashchange", follow);
