"""Opens a run's tree.html in headless Chromium, uses it as a person would, and holds what it shows
against tree.json.

    browser.py RUN [PICTURES NAME]

Prints what it found as JSON; exits 1 at the first thing that is not as it should be. With a folder for
PICTURES, screenshots of laptop and phone, light and dark, are kept there.
"""

import csv
import importlib.util
import io
import json
import re
import sys
from pathlib import Path

import h5py
import numpy as np

from chromium import Page, found

run = Path(sys.argv[1])
tree = json.loads((run / "tree.json").read_text())
truth = sorted((link["source"], link["target"]) for link in tree["links"] if not link.get("extra"))
parents = {child: parent for parent, child in truth}
EDGES = "[...document.querySelectorAll('#world .edge:not(.extra)')].map(e => [e.dataset.parent, e.dataset.child])"
IDS = "[...document.querySelectorAll('#world .node')].map(e => e.dataset.id)"


def check(condition, what):
    if not condition:
        sys.exit(f"not as it should be: {what}")


def plain(cell):
    """The id of a cell: without the apostrophe that keeps spreadsheets from running it, and without escapes."""
    cell = re.sub(r"^'(?='*[=+\-@\uff1d\uff0b\uff0d\uff20])", "", cell)
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), cell)


def selector(node):
    """Ids hold anything; a code point as CSS escapes it is safe for all of them."""
    return '.node[data-id="' + "".join(f"\\{ord(c):x} " if not c.isalnum() else c for c in node) + '"]'


def folder(node):
    return selector(node).replace(".node[data-id", ".folder[data-fold")


def way(node):
    up = []
    while node in parents:
        node = parents[node]
        up.append(node)
    return up


def below(node):
    children = [child for parent, child in truth if parent == node]
    return children + [deeper for child in children for deeper in below(child)]


def shows_the_tree(page):
    page.click("#unfold")
    check(sorted(map(tuple, page.run(EDGES))) == truth, "edges in the page are not those of tree.json")
    ids = [node["id"] for node in tree["nodes"]]
    check(sorted(page.run(IDS)) == sorted(ids), "models in the page are not those of tree.json")
    overlaps = page.run("""(() => {
      const boxes = [...document.querySelectorAll('#world .node rect')].map(r => r.getBoundingClientRect());
      let count = 0;
      boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom) count += 1; }));
      return count; })()""")
    check(overlaps == 0, f"{overlaps} pairs of boxes lie on each other")


def click_lights_relatives(page):
    # The model with the most relatives above and below it.
    node = max(parents, key=lambda id: len(way(id)) * (1 + len(below(id))))
    page.click("#fit")
    page.run(
        f"document.querySelector({json.dumps(selector(node))}).dispatchEvent(new MouseEvent('click', {{bubbles: true}}))"
    )
    page.settle()
    lit = sorted(page.run("[...document.querySelectorAll('.node.lit')].map(e => e.dataset.id)"))
    extra = [edge["source"] for edge in tree["links"] if edge.get("extra") and edge["target"] == node]
    extra += [edge["target"] for edge in tree["links"] if edge.get("extra") and edge["source"] == node]
    check(lit == sorted({node, *way(node), *below(node), *extra}), f"lit for {node!r}: {lit}")
    details = page.run("document.querySelector('#details').innerText")
    link = next(edge for edge in tree["links"] if edge["target"] == node and not edge.get("extra"))
    bare = "".join(details.split())
    for name in (node, link["source"]):
        check("".join(name.split()) in bare, f"details lack {name!r}")
    check(f"{int(link['support'] * 100 + 0.5)} %" in details, "details lack the support")
    check(page.run("location.hash") != "", "the address does not name the model")
    rows = page.run("[...document.querySelectorAll('.row.selected')].map(e => e.dataset.child)")
    check(rows == [node], f"selected in the table: {rows}")
    marked = page.run(
        "(() => { const c = document.querySelector('#map-marks');"
        " return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0) })()"
    )
    check(marked, "nothing is marked in the heat map")
    page.key("Escape")
    check(page.run("document.querySelectorAll('.node.lit').length") == 0, "Escape leaves models lit")


def click_with_the_mouse(page):
    """Where the boxes are large enough: a click at the place itself."""
    node = next(iter(parents))
    page.click(selector(node))
    check(page.run("document.querySelector('.node.selected')?.dataset.id") == node, "the click hit something else")
    page.hover(selector(node))
    tip = page.run("document.querySelector('#tip').innerText")
    (place,) = [i for i, known in enumerate(tree["nodes"]) if known["id"] == node]
    words = ["support"]
    if page.run("JSON.parse(document.querySelector('#page-data').textContent).nextBest")[place]:
        words.append("next best")
    if not tree["nodes"][place].get("inferred"):
        words += ["type", "size", "file"] + ["score"] * ("score" in tree["nodes"][place])
    for word in words:
        check(word in tip, f"hovering shows no {word!r}")
    page.key("Escape")


def search(page):
    names = [id for id in sorted(parents) if id.isascii() and id.isprintable() and id.strip() == id]
    node = names[len(names) // 2]
    page.key("/")
    check(page.run("document.activeElement.id") == "search", "/ does not lead to the search")
    page.type(node)
    hits = page.run("[...document.querySelectorAll('.node.hit')].map(e => e.dataset.id)")
    expected = [
        n["id"] for n in tree["nodes"] if node.lower() in n["id"].lower() or node.lower() in n.get("path", "").lower()
    ]
    check(sorted(hits) == sorted(expected), f"search for {node!r} finds {hits}")
    page.key("Enter")
    check(page.run("document.querySelector('.node.selected')?.dataset.id") in expected, "Enter selects no hit")
    page.key("Escape")
    page.key("Escape")
    check(page.run("document.querySelectorAll('.node.hit').length") == 0, "Escape keeps the hits")


def colours(page):
    read = "[...document.querySelectorAll('#world .node')].map(e => e.style.getPropertyValue('--c'))"
    by_family = dict(zip(page.run(IDS), page.run(read)))
    families = {}
    for node in tree["nodes"]:
        families.setdefault(node["family"], set()).add(by_family[node["id"]])
    check(all(len(c) == 1 for c in families.values()), "a family has more than one colour")
    page.choose("#colour", "support of edge")
    by_support = dict(zip(page.run(IDS), page.run(read)))
    shades = {}
    for link in tree["links"]:
        if not link.get("extra"):
            shades.setdefault(link["support"], set()).add(by_support[link["target"]])
    check(all(len(c) == 1 for c in shades.values()), "one support, two colours")
    if len(shades) > 1:
        check(len(set().union(*shades.values())) > 1, "all supports have one colour")
    page.choose("#colour", "family")
    check(dict(zip(page.run(IDS), page.run(read))) == by_family, "colours do not come back")


def uncertain_edges_look_so(page):
    doubtful = sorted(edge["target"] for edge in tree["links"] if edge.get("undecided") and not edge.get("extra"))
    shown = page.run(
        "[...document.querySelectorAll('.edge.doubt')].filter(e => e.textContent.includes('?')).map(e => e.dataset.child)"
    )
    check(sorted(shown) == doubtful, "undecided edges are not marked as such")


def lengths(page):
    page.choose("#lengths", "distance")
    drawn = page.run("""[...document.querySelectorAll('#world .edge:not(.extra)')].map(e => {
      const x = id => { const n = [...document.querySelectorAll('.node')].find(n => n.dataset.id === id);
        const m = /translate\\(([-\\d.]+)/.exec(n.getAttribute('transform'));
        return [Number(m[1]), Number(m[1]) + Number(n.querySelector('rect').getAttribute('width'))]; };
      return [e.dataset.child, x(e.dataset.child)[0] - x(e.dataset.parent)[1]]; })""")
    distance = {edge["target"]: edge["distance"] for edge in tree["links"] if not edge.get("extra")}
    if len(drawn) > 1:
        x, y = np.array([[distance[child], length] for child, length in drawn]).T
        slope, start = np.polyfit(x, y, 1) if np.ptp(x) > 0 else (0, y[0])
        check(np.abs(y - start - slope * x).max() < 0.6, "lengths are not proportional to distances")
        check(slope > 0 or np.ptp(x) == 0, "longer distances are not longer edges")
    page.choose("#lengths", "equal")


def folding(page):
    roots = {n["id"] for n in tree["nodes"] if n["root"]}
    page.click("#fold")
    check(set(page.run(IDS)) == roots, "Fold all leaves more than the roots")
    root = max(roots, key=lambda id: len(below(id)))
    page.click(folder(root), dx=0.15)
    children = {child for parent, child in truth if parent == root}
    check(set(page.run(IDS)) == roots | children, "opening a root does not show its children")
    page.click("#unfold")
    check(len(page.run(IDS)) == len(tree["nodes"]), "Unfold all does not show all")


def keyboard(page):
    root = max((n["id"] for n in tree["nodes"] if n["root"]), key=lambda id: len(below(id)))
    page.run(f"document.querySelector({json.dumps(selector(root))}).focus()")
    page.key("ArrowRight")
    focus = "document.activeElement.dataset.id"
    first = page.run(focus)
    check(parents.get(first) == root, "the right arrow does not lead to a child")
    page.key("Enter")
    check(page.run("document.querySelector('.node.selected')?.dataset.id") == first, "Enter does not select")
    page.key("ArrowLeft")
    check(page.run(focus) == root, "the left arrow does not lead to the parent")
    page.key(" ")
    check(set(page.run(IDS)).isdisjoint(below(root)), "Space does not fold")
    page.key(" ")
    page.key("Escape")


def table(page):
    page.choose("#colour", "family")
    page.click(".row.head > :nth-child(3) button")
    head = (
        "[...document.querySelectorAll('.row.body')].map(e => [Number(e.style.top.replace('px', '')), e.dataset.child])"
    )
    rows = [child for _, child in sorted(page.run(head))]
    ascending = sorted((edge for edge in tree["links"] if not edge.get("extra")), key=lambda edge: edge["distance"])
    distance = {edge["target"]: edge["distance"] for edge in ascending}
    # Roots whose declared base is contradicted stand there too, last.
    rows = [child for child in rows if child in distance]
    check(
        [distance[c] for c in rows] == [edge["distance"] for edge in ascending[: len(rows)]], "the table does not sort"
    )
    check(len(rows) < 60, "the table holds all rows at once")
    page.run(
        "(() => { const f = document.querySelector('#filter'); f.value = 'support<100'; f.dispatchEvent(new Event('input')) })()"
    )
    page.settle()
    expected = sum(1 for edge in ascending if edge["support"] < 1)
    text = page.run("document.querySelector('#rows').textContent")
    check(text.startswith(f"{expected}"), f"filter shows {text}, expected {expected}")
    page.run(
        "(() => { const f = document.querySelector('#filter'); f.value = ''; f.dispatchEvent(new Event('input')) })()"
    )
    text = page.run("""new Promise(resolve => {
      const make = URL.createObjectURL;
      URL.createObjectURL = blob => { blob.text().then(resolve); URL.createObjectURL = make; return 'javascript:void 0'; };
      const click = HTMLAnchorElement.prototype.click;
      HTMLAnchorElement.prototype.click = () => {};
      document.querySelector('#export').click();
      HTMLAnchorElement.prototype.click = click; })""")
    exported = sorted(
        (plain(row["parent"]), plain(row["child"])) for row in csv.DictReader(io.StringIO(text, newline=""))
    )
    check(exported == truth, "the exported CSV has other edges")


def heat_map(page):
    """The pixel of each pair against the distance in results.h5."""
    with h5py.File(run / "results.h5") as results:
        ids = [i.decode() for i in results["models"][:]]
        distance = results[f"distance/{tree['graph'].get('distance', 'auto')}"][:]
    order = page.run("JSON.parse(document.querySelector('#page-data').textContent).order")
    side = page.run("document.querySelector('#map').width")
    pixels = page.run(f"[...document.querySelector('#map').getContext('2d').getImageData(0, 0, {side}, {side}).data]")
    pixels = np.array(pixels).reshape(side, side, 4)[:, :, :3].sum(axis=2)
    if side == len(ids):
        ordered = distance[np.ix_(order, order)]
        family = np.array([n["family"] for n in tree["nodes"]])[order]
        near = (family[:, None] == family[None, :]) & np.isfinite(ordered)
        # Darker is nearer; shades are monotonous in the distance within families.
        levels = ordered[near].argsort()
        shades = pixels[near][levels].astype(int)
        check((np.diff(shades) >= -2).all(), "shades do not follow the distances")
    middle = side // 2
    page.mouse("mouseMoved", *page.point("#map", (middle + 0.5) / side, (middle + 0.5) / side))
    page.settle()
    said = page.run("document.querySelector('#map-status').textContent")
    # Cells of less than a pixel cannot be told from their neighbours.
    cells = [middle] if side < 100 else [middle - 1, middle, middle + 1]
    step = -(-len(ids) // side)
    check(any(ids[order[c * step]] in said for c in cells), f"the map says {said!r}")


def evidence(page):
    """Each edge has its panel: what speaks for it and against, what was compared; as the page's data say."""
    known = page.run("JSON.parse(document.querySelector('#page-data').textContent).evidence")
    numbered = [(node["id"], panel) for node, panel in zip(tree["nodes"], known) if panel and node["id"] in parents]
    weakest = sorted(numbered, key=lambda pair: -len(pair[1]["speaksAgainst"]))
    for node, panel in weakest[:2] + numbered[-1:]:
        page.run(f"location.hash = 'model=' + encodeURIComponent({json.dumps(node)})")
        page.settle()
        shown = {
            kind: page.run(f"[...document.querySelectorAll('#details .evidence.{kind} li')].map(e => e.textContent)")
            for kind in ("for", "against", "compared")
        }
        check(shown["for"] == panel["speaksFor"], f"for {node!r}: {shown['for']}")
        check(shown["against"] == (panel["speaksAgainst"] or ["nothing that was compared"]), f"against {node!r}")
        check(shown["compared"] == panel["compared"], f"what was compared of {node!r}")
    page.key("Escape")


def filters_and_addresses(page):
    """Undecided edges alone, in the tree and in the table; and the address brings the view back."""
    undecided = sorted(edge["target"] for edge in tree["links"] if edge.get("undecided") and not edge.get("extra"))
    matching = "[...document.querySelectorAll('#world .edge.match')].map(e => e.dataset.child).sort()"
    page.choose("#show", "undecided")
    if len(tree["nodes"]) <= 600:
        check(page.run(matching) == undecided, "the filter shows other edges than the undecided ones")
    text = page.run("document.querySelector('#rows').textContent")
    check(text.split()[0] == str(len(undecided)), f"the table shows {text} undecided edges of {len(undecided)}")
    page.choose("#lengths", "distance")
    node = sorted(parents)[0]
    page.run(f"document.querySelector('#search').value = {json.dumps(node)}")
    page.run(f"location.hash += '&model=' + encodeURIComponent({json.dumps(node)})")
    page.settle()
    address = page.run("location.href")
    for word in ("show=undecided", "lengths=distance", "model="):
        check(word in address, f"the address {address} lacks {word}")
    with Page() as other:
        other.visit(address)
        check(
            other.run("document.querySelector('.node.selected')?.dataset.id") == node, "the address shows another model"
        )
        check(other.run("document.querySelector('#show').value") == "undecided", "the address loses the filter")
        check(other.run("document.querySelector('#lengths').value") == "distance", "the address loses the lengths")
    page.choose("#show", "all")
    page.choose("#lengths", "equal")
    # A filter for what no edge is, and a model with it.
    offered = page.run("[...document.querySelector('#show').options].map((option) => option.value)")
    for word in sorted({"inferred", "contradicted", "not-firm"} - set(offered)):
        with Page() as other:
            other.visit(address.replace("show=undecided", f"show={word}"))
            check(other.run("document.querySelector('#show').value") == "all", f"show={word} breaks the filter")
            check(
                other.run("document.querySelector('.node.selected')?.dataset.id") == node,
                f"show={word} loses the model",
            )


def contradicted_roots(page):
    """They have no edge, and stand in the table all the same."""
    rooted = [n["id"] for n in tree["nodes"] if n.get("hint") == "contradicts" and n["id"] not in parents]
    if not rooted:
        return
    page.run(f"location.hash = 'model=' + encodeURIComponent({json.dumps(rooted[0])})")
    page.settle()
    row = page.run("document.querySelector('.row.selected')?.innerText ?? ''")
    check(rooted[0] in row and "contradicted" in row, f"the table says of the root {rooted[0]!r}: {row!r}")
    page.key("Escape")


def accessible(page, where):
    """Nothing that axe-core, which knows the rules of WCAG, calls serious."""
    engine = Path(importlib.util.find_spec("axe_playwright_python").origin).parent / "axe.min.js"
    page.run(engine.read_text() + "; true")
    found = page.run(
        "axe.run(document, { resultTypes: ['violations'] }).then(r => r.violations.map(v =>"
        " [v.impact, v.id, v.nodes.length, v.nodes[0].html.slice(0, 200), v.nodes[0].failureSummary]))"
    )
    grave = [violation for violation in found if violation[0] in ("serious", "critical")]
    check(grave == [], f"{where}: {json.dumps(grave, indent=1)}")


def large(page):
    """Of a large forest only what is in view are elements; from far it is painted, and the paint can be clicked."""
    page.click("#unfold")
    page.click("#fit")
    check(page.run("!document.querySelector('#far').hidden"), "a large forest is not painted from far")
    few = page.run("document.querySelectorAll('#world .node').length")
    check(few < 50, f"{few} models are elements where all are painted")
    node = max(parents, key=lambda id: len(way(id)))
    page.run(f"location.hash = 'model=' + encodeURIComponent({json.dumps(node)})")
    page.settle()
    check(page.run("document.querySelector('#far').hidden"), "what was asked for is shown from far")
    near = page.run(IDS)
    check(node in near and len(near) < len(tree["nodes"]) / 2, f"{len(near)} models are elements")
    check(parents[node] in near, "the parent of the model in view is not drawn")
    page.click(selector(node), dx=0.2)
    page.click("#fit")
    spot = page.run(
        "(() => { const c = document.querySelector('#far'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;"
        " const at = [...Array(c.width * c.height).keys()].find(p => d[4 * p + 3] === 255 && p % c.width > 40);"
        " return [at % c.width, Math.floor(at / c.width), c.width, c.height] })()"
    )
    page.click("#tree", dx=(spot[0] + 0.5) / spot[2], dy=(spot[1] + 0.5) / spot[3])
    check(page.run("document.querySelector('.node.selected') !== null"), "a click on a painted model selects nothing")
    page.key("Escape")


def themes(page):
    before = page.run("getComputedStyle(document.body).backgroundColor")
    page.click("#theme")
    check(page.run("getComputedStyle(document.body).backgroundColor") != before, "the switch changes nothing")
    page.click("#theme")


def pictures(place, name):
    place.mkdir(parents=True, exist_ok=True)
    wanted = {
        "laptop-light": {"width": 1440, "height": 900},
        "laptop-dark": {"width": 1440, "height": 900, "dark": True},
        "phone-light": {"width": 390, "height": 844, "scale": 2, "touch": True},
        "phone-dark": {"width": 390, "height": 844, "scale": 2, "touch": True, "dark": True},
    }
    for kind, options in wanted.items():
        with Page(**options) as page:
            page.open(run / "tree.html")
            page.screenshot(place / f"{name}-{kind}.png")


if found() is None:
    sys.exit("no Chromium: apt-get install chromium-headless-shell, or set MODELTREE_CHROMIUM")
with Page() as page:
    page.open(run / "tree.html")
    elements = page.run("document.querySelectorAll('*').length")
    if len(tree["nodes"]) > 600:
        large(page)
    else:
        shows_the_tree(page)
        uncertain_edges_look_so(page)
        if len(tree["nodes"]) <= 60:
            click_with_the_mouse(page)
        if parents:
            click_lights_relatives(page)
            search(page)
            colours(page)
            lengths(page)
            folding(page)
            keyboard(page)
            table(page)
            evidence(page)
            filters_and_addresses(page)
    contradicted_roots(page)
    heat_map(page)
    accessible(page, "in light")
    themes(page)
    page.click("#theme")
    if parents:
        page.run(f"location.hash = 'model=' + encodeURIComponent({json.dumps(sorted(parents)[0])})")
        page.settle()
    accessible(page, "in dark, with a model selected")
    page.click("#theme")
    foreign = [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))]
    check(page.messages == [], f"the console is not silent: {page.messages}")
    check(foreign == [], f"the page asks the network: {foreign}")
    scripts = page.run("document.scripts.length")
    check(scripts == 3, f"{scripts} script elements: a name became markup")
with Page(390, 844, 2, touch=True) as page:
    page.open(run / "tree.html")
    wide = page.run("document.documentElement.scrollWidth")
    check(wide <= 390, f"the page is {wide} pixels wide on a phone of 390")
    for view in ("map", "edges", "run", "tree"):
        page.click(f".views [data-show={view}]")
        accessible(page, f"{view} on a phone")
        check(
            page.run(f"getComputedStyle(document.querySelector('#{view}-pane')).visibility") == "visible",
            f"no {view} on a phone",
        )
    if parents:
        node = max(parents, key=lambda id: len(way(id)))
        page.run(f"location.hash = 'model=' + encodeURIComponent({json.dumps(node)})")
        page.settle()
        box, sheet = page.run(
            "['.node.selected', '#detail-pane'].map(s => { const b = document.querySelector(s).getBoundingClientRect();"
            " return [b.left, b.top, b.right, b.bottom] })"
        )
        check(box[3] <= sheet[1] and box[0] >= 0 and box[1] > 0, f"the sheet {sheet} covers the selected model {box}")
        accessible(page, "details on a phone")
    check(page.messages == [], f"the console is not silent on a phone: {page.messages}")
if len(sys.argv) > 3:
    pictures(Path(sys.argv[2]), sys.argv[3])
print(json.dumps({"edges": len(truth), "elements": elements}))
