"""Opens the page that follows a run in headless Chromium and holds what it shows against status.json.

    live.py URL moving|still|hostile [PICTURES NAME]

moving: the status goes on meanwhile. Prints what it found as JSON; exits 1 at the first thing that is not
as it should be. With a folder for PICTURES, screenshots of laptop and phone, light and dark, are kept there.
"""

import json
import sys
import urllib.request

from chromium import Page

url, kind = sys.argv[1:3]
status = json.load(urllib.request.urlopen(url + "status.json"))


def check(condition, what):
    if not condition:
        sys.exit(f"not as it should be: {what}")


def text(page, selector):
    return page.run(f"document.querySelector({json.dumps(selector)})?.innerText ?? ''")


def texts(page, selector):
    return page.run(f"[...document.querySelectorAll({json.dumps(selector)})].map(e => e.textContent)")


def bare(words):
    return "".join(words.split())


def is_quiet(page):
    check(not page.messages, f"the page complains: {page.messages[:3]}")
    foreign = [address for address in page.requests if not address.startswith((url, "data:"))]
    check(not foreign, f"the page asked {foreign[:3]}")


def shows_the_whole(page):
    shards = sum(job["shards"] for job in status["jobs"])
    done = sum(job["shards_done"] for job in status["jobs"])
    percent = 100 * done // shards
    if kind == "moving":
        check(page.until("document.title.startsWith('100 %')"), "the page does not follow the status")
        return
    check(
        page.run("document.querySelector('#bar').getAttribute('aria-valuenow')") == str(percent), "percent in the bar"
    )
    check(f"{percent} %" in page.run("document.title"), "percent in the title")
    figures = text(page, "#figures").replace(",", "")
    for word in (f"{done} of {shards}", "GB/s", "workers"):
        check(word in figures, f"figures lack {word!r}: {figures!r}")
    width = page.run(
        "(() => { const b = document.querySelector('#bar'); const i = b.children[0];"
        " return i.getBoundingClientRect().width / b.getBoundingClientRect().width })()"
    )
    check(abs(width - done / shards) < 0.01, f"the bar is at {width}, not at {done / shards}")
    points = page.run("document.querySelector('#chart polyline').getAttribute('points').split(' ').length")
    check(2 <= points <= 402, f"{points} points in the chart")


def shows_workers(page):
    rows = texts(page, "#worker-table tbody tr td:first-child")
    check(len(rows) == min(100, len(status["workers"])), f"{len(rows)} rows of workers")
    names = {f"{w['name']} ({w['key']})" if w.get("key") else w["name"] for w in status["workers"]}
    check(set(rows) <= names, f"workers that are none: {set(rows) - names}")
    states = texts(page, "#worker-table tbody tr td:nth-child(2)")
    silent = sum(worker["state"] == "silent" for worker in status["workers"])
    check(states.count("silent") == min(silent, 100), "those that are silent come first")
    check(f"{silent} silent" in text(page, "#workers-note"), "the note lacks the silent")
    if kind == "hostile":
        return
    wish = status["workers"][0]["host"]
    page.run("document.querySelector('#filter').focus()")
    page.type(wish)
    found = texts(page, "#worker-table tbody tr td:first-child")
    check(0 < len(found) <= 4 and all(wish in name for name in found), f"filtered: {found}")
    page.run(
        "(() => { const f = document.querySelector('#filter'); f.value = ''; f.dispatchEvent(new Event('input')) })()"
    )


def shows_jobs(page):
    jobs = status["jobs"]
    if len(jobs) == 1:
        check(page.run("document.querySelector('#jobs').hidden"), "one job needs no list")
    else:
        names = page.run("[...document.querySelectorAll('#job-table tbody button')].map(e => e.dataset.name)")
        check(sorted(names) == sorted(job["name"] for job in jobs), "names of jobs")
        last = len(names) - 1
        page.run(f"document.querySelectorAll('#job-table button')[{last}].click()")
        page.settle()
        check(names[last] in page.run("document.querySelector('#job-title').textContent"), "the job that was chosen")
        check(page.run("document.querySelectorAll('#job-table tr[aria-current]').length") == 1, "one job is marked")
        jobs = [job for job in jobs if job["name"] == names[last]]
    job = jobs[0]
    label = page.run("document.querySelector('#map').getAttribute('aria-label')")
    check(f"{job['shards_done']} of {job['shards']} done" in label, f"the map says {label!r}")
    colours = page.run("""(() => {
      const c = document.querySelector('#map'); const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data;
      const seen = new Set(); for (let i = 0; i < d.length; i += 4) if (d[i + 3] === 255) seen.add(d[i] << 16 | d[i + 1] << 8 | d[i + 2]);
      return seen.size })()""")
    check(colours >= len(set(job["map"])), f"{colours} colours in the map of {set(job['map'])}")
    tree = job.get("tree")
    if tree:
        shown = texts(page, "#tree .id")
        wanted = [name for f in tree["families"] for name in [f["root"], *(e["child"] for e in f["edges"])]]
        check(sorted(shown) == sorted(wanted), f"the tree so far shows {shown}")
        certain = page.run("document.querySelectorAll('#tree .badge.certain').length")
        check(certain == sum(f["is_certain"] for f in tree["families"]), "families that are certain")


def shows_trouble(page):
    for part, rows in (
        ("missing", status["missing"]),
        ("failures", status["failures"]),
        ("slow", status["slowest_files"]),
    ):
        check(
            page.run(f"document.querySelector('#{part}').hidden") == (not rows), f"#{part} is there when there is some"
        )
    shown = bare(page.run("document.querySelector('main').textContent"))
    for pair in status["missing"][:10]:
        check(bare(pair["host"]) in shown and bare(pair["file"]) in shown, f"lacks {pair}")
    if status["missing"]:
        check("--path-map" in shown, "no advice for files that are missing")
    for failure in status["failures"]:
        check(bare(failure["message"]) in shown, f"lacks {failure['message']!r}")


def says_when_nobody_answers(page):
    check(page.until("document.querySelector('#lost').hidden"), "somebody answers, and the page says nobody does")
    page.offline(True)
    check(page.until("!document.querySelector('#lost').hidden"), "the page does not say that nobody answers")
    check("does not answer" in text(page, "#lost") or "has ended" in text(page, "#lost"), text(page, "#lost"))
    page.messages = [message for message in page.messages if "ERR_INTERNET_DISCONNECTED" not in message]
    page.offline(False)
    check(page.until("document.querySelector('#lost').hidden"), "the page does not come back")
    page.messages = [message for message in page.messages if "ERR_INTERNET_DISCONNECTED" not in message]


def work_of_an_update(page):
    """Changes that an update makes in the document, and elements that the document has: what it costs."""
    page.run("""(() => {
      window.changes = 0; window.updates = 0;
      new MutationObserver(records => { window.changes += records.length })
        .observe(document, { subtree: true, childList: true, attributes: true, characterData: true });
      new PerformanceObserver(list => { window.updates += list.getEntries().length }).observe({ entryTypes: ["measure"] });
    })()""")
    check(page.until("window.updates >= 4"), "no update comes")
    return page.run("[window.changes / window.updates, document.querySelectorAll('*').length]")


def works_by_key_and_for_readers(page):
    unnamed = page.run("""[...document.querySelectorAll('button, input, [role=img], [role=progressbar], section')].filter(e =>
      !e.hidden && !(e.textContent.trim() || e.getAttribute('aria-label') || e.getAttribute('aria-labelledby') || e.labels?.length)).length""")
    check(unnamed == 0, f"{unnamed} elements without a name")
    page.key("Tab")
    check(page.run("document.activeElement.id") == "theme", "Tab reaches the first button")
    before = page.run("document.documentElement.dataset.theme")
    page.key("Enter")
    after = page.run("document.documentElement.dataset.theme")
    check({before, after} == {"light", "dark"}, "Enter changes the theme")
    page.key("Enter")
    check(text(page, "#news") != "", "nothing is announced")


with Page() as page:
    page.visit(url)
    check(page.until("document.title.includes('%')"), "no status is shown")
    works_by_key_and_for_readers(page)
    shows_the_whole(page)
    if kind != "moving":
        shows_workers(page)
        shows_jobs(page)
        shows_trouble(page)
    changes, elements = work_of_an_update(page)
    wicked = page.run("document.querySelectorAll('img, main script, iframe').length")
    check(wicked == 0, "a name became an element")
    says_when_nobody_answers(page)
    is_quiet(page)
    page.size(390, 844, 2, True)
    page.settle()
    overflow = page.run("document.documentElement.scrollWidth - window.innerWidth")
    check(overflow <= 0, f"a phone has to scroll {overflow} px sideways")

if len(sys.argv) > 4:
    folder, name = sys.argv[3:5]
    for device, width, height, scale, touch in (("laptop", 1440, 1150, 1, False), ("phone", 390, 844, 2, True)):
        for dark in (False, True):
            with Page(width, height, scale, dark, touch) as page:
                page.visit(url)
                check(page.until("document.title.includes('%')"), "no status is shown")
                page.settle()
                page.screenshot(f"{folder}/{name}-{device}-{'dark' if dark else 'light'}.png")

print(json.dumps({"changes": changes, "elements": elements}))
