"use strict";
(() => {
  // What is drawn at most; the rest is counted.
  const LIMIT = { workers: 100, jobs: 200, models: 300, failures: 30, hosts: 20, files: 10, cells: 20000, points: 400 };
  const SECOND = 1000;
  const byId = (id) => document.getElementById(id);

  // ---- elements: names become text, never markup ------------------------------------------------
  const SVG = "http://www.w3.org/2000/svg";
  const make = (name, attributes = {}, ...children) => fill(document.createElement(name), attributes, children);
  const draw = (name, attributes = {}, ...children) => fill(document.createElementNS(SVG, name), attributes, children);
  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    for (const child of children) if (child !== null && child !== undefined) element.append(child);
    return element;
  }
  /** Writes only what has changed, so that nothing flickers and selections stay. */
  function write(element, text) { if (element.textContent !== text) element.textContent = text; }
  function attribute(element, name, value) {
    if (value === null) element.removeAttribute(name);
    else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
  }

  // ---- words for numbers -------------------------------------------------------------------------
  function bytes(count) {
    if (count < 1000) return `${Math.round(count)} B`;
    let unit = "";
    for (const next of ["kB", "MB", "GB", "TB", "PB"]) {
      if (count < 999.5) break;
      count /= 1000;
      unit = next;
    }
    return `${count.toFixed(count < 9.995 ? 2 : count < 99.95 ? 1 : 0)} ${unit}`;
  }
  function duration(seconds) {
    const whole = Math.ceil(Math.max(0, seconds));
    if (whole < 100) return `${whole} s`;
    if (whole < 6000) return `${Math.round(whole / 60)} min`;
    if (whole < 172800) return `${Math.floor(whole / 3600)} h ${Math.floor(whole % 3600 / 60)} min`;
    return `${Math.floor(whole / 86400)} d ${Math.floor(whole % 86400 / 3600)} h`;
  }
  const percent = (part, whole) => (whole > 0 ? Math.floor(100 * part / whole) : 0);
  const count = (number, one, many) => `${number.toLocaleString("en")} ${number === 1 ? one : many}`;
  const sum = (list, value) => list.reduce((total, item) => total + value(item), 0);

  // ---- tables whose rows stay --------------------------------------------------------------------
  /** @param shape per column its class; cells get what `rows` hold: texts, or functions of the cell. */
  function table(body, shape, rows) {
    while (body.rows.length > rows.length) body.deleteRow(-1);
    rows.forEach((cells, i) => {
      let row = body.rows[i];
      if (!row) {
        row = body.insertRow();
        for (const name of shape) row.insertCell().className = name;
      }
      cells.forEach((content, column) => {
        const cell = row.cells[column];
        if (typeof content === "function") content(cell, row);
        else write(cell, content);
      });
    });
  }
  const bodyOf = (id) => byId(id).tBodies[0];
  const ofState = (state) => (cell) => { write(cell, state); attribute(cell, "data-state", state); };
  const titled = (text) => (cell) => { write(cell, text); attribute(cell, "title", text); };

  // ---- what is shown -----------------------------------------------------------------------------
  let status = null;
  let chosen = null;
  let shownTree = "";
  let announced = "";

  function update() {
    performance.clearMeasures("update");
    const began = performance.now();
    const { jobs, workers } = status;
    const shards = sum(jobs, (job) => job.shards);
    const done = sum(jobs, (job) => job.shards_done);
    const leased = sum(jobs, (job) => job.shards_leased);
    overview(shards, done, leased);
    chart();
    const job = jobs.find((one) => one.name === chosen) ?? jobs.find((one) => one.state === "comparing") ?? jobs[0];
    byId("jobs").hidden = jobs.length < 2;
    if (jobs.length > 1) listJobs(job.name);
    byId("job").hidden = !job;
    if (job) showJob(job);
    listWorkers(workers);
    listMissing();
    listFailures();
    listSlow();
    announce(percent(done, shards));
    performance.measure("update", { start: began, end: performance.now() });
  }

  function overview(shards, done, leased) {
    const { state, jobs, workers } = status;
    const elapsed = (Date.parse(status.updated) - Date.parse(status.started)) / SECOND;
    const share = percent(done, shards);
    write(byId("state"), state);
    attribute(byId("state"), "data-state", state);
    const aside = sum(jobs, (job) => job.shards_set_aside);
    const parts = [];
    if (shards > 0) parts.push(`${share} %`);
    if (state === "comparing") {
      if (workers.length === 0) parts.push("waiting for workers");
      else if (Number.isFinite(status.seconds_left)) parts.push(`about ${duration(status.seconds_left)} left`);
    }
    if (state === "stopped") parts.push("it can go on with modeltree resume");
    if (aside > 0) parts.push(`${count(aside, "shard", "shards")} set aside`);
    write(byId("headline"), parts.join(" · "));
    document.title = shards > 0 ? `${share} % ${state} · modeltree` : `${state} · modeltree`;
    write(byId("summary"), [`${status.host}, process ${status.process}`, status.endpoint, `version ${status.software}`].filter(Boolean).join(" · "));
    const bar = byId("bar");
    attribute(bar, "aria-valuenow", share);
    attribute(bar, "aria-valuetext", `${share} percent, ${done} of ${shards} shards`);
    byId("bar-done").style.width = `${shards ? 100 * done / shards : 0}%`;
    byId("bar-leased").style.width = `${shards ? 100 * leased / shards : 0}%`;
    const busy = workers.filter((worker) => worker.state === "computing").length;
    const figures = [
      ["shards", `${done.toLocaleString("en")} of ${shards.toLocaleString("en")}`],
      ["weights", `${bytes(sum(jobs, (job) => job.bytes_done))} of ${bytes(sum(jobs, (job) => job.bytes))}`],
      ["rate", `${bytes(status.bytes_per_second)}/s`],
      ["time left", Number.isFinite(status.seconds_left) && state === "comparing" ? duration(status.seconds_left) : "–"],
      ["so far", duration(elapsed)],
      ["workers", workers.length ? `${busy} of ${workers.length} at work` : "none"],
    ];
    const list = byId("figures");
    figures.forEach(([name, value], i) => {
      if (!list.children[i]) list.append(make("div", {}, make("dt"), make("dd")));
      write(list.children[i].children[0], name);
      write(list.children[i].children[1], value);
    });
  }

  function chart() {
    const all = status.history;
    const step = Math.max(1, Math.ceil(all.length / LIMIT.points));
    const points = all.filter((_, i) => i % step === 0 || i === all.length - 1);
    const svg = byId("chart");
    if (points.length < 2) {
      svg.replaceChildren();
      write(byId("pace-note"), "nothing yet");
      return;
    }
    const end = points[points.length - 1].seconds;
    const start = points[0].seconds;
    const top = points.reduce((most, point) => Math.max(most, point.bytes_per_second), 0) || 1;
    const x = (point) => (600 * (point.seconds - start) / Math.max(end - start, 1e-9)).toFixed(1);
    const y = (point) => (147 - 142 * point.bytes_per_second / top).toFixed(1);
    const line = points.map((point) => `${x(point)},${y(point)}`).join(" ");
    if (!svg.firstChild) svg.append(draw("polygon", { class: "area" }), draw("polyline", { class: "line" }));
    attribute(svg.children[0], "points", `0,150 ${line} 600,150`);
    attribute(svg.children[1], "points", line);
    write(byId("pace-note"), `now ${bytes(status.bytes_per_second)}/s, highest ${bytes(top)}/s`);
    write(byId("axis-start"), `after ${duration(start)}`);
    write(byId("axis-end"), duration(end));
  }

  const rank = { comparing: 0, solving: 1, planning: 2, stopped: 3, finished: 4 };

  function listJobs(current) {
    const jobs = [...status.jobs].sort((a, b) => rank[a.state] - rank[b.state] || (a.name < b.name ? -1 : 1));
    const shown = jobs.slice(0, LIMIT.jobs);
    const ended = jobs.filter((job) => job.state === "finished").length;
    write(byId("jobs-note"), `${ended} of ${jobs.length} finished${shown.length < jobs.length ? `, ${shown.length} shown` : ""}`);
    table(bodyOf("job-table"), ["name", "", "wide", "number", "number", "number"], shown.map((job) => [
      (cell, row) => {
        if (!cell.firstChild) {
          cell.append(make("button", { type: "button", onclick: () => { chosen = cell.firstChild.dataset.name; update(); } }));
        }
        write(cell.firstChild, job.name || "(no name)");
        attribute(cell.firstChild, "data-name", job.name);
        attribute(cell.firstChild, "title", job.run);
        attribute(row, "aria-current", job.name === current ? "true" : null);
      },
      (cell) => { ofState(job.failure ? "failed" : job.state)(cell); attribute(cell, "title", job.failure ?? null); },
      (cell) => {
        if (!cell.firstChild) cell.append(make("span", { class: "meter" }, make("i")), make("span", { class: "unseen" }));
        cell.firstChild.firstChild.style.width = `${percent(job.shards_done, job.shards)}%`;
        write(cell.lastChild, `${percent(job.shards_done, job.shards)} %`);
      },
      `${job.shards_done} / ${job.shards}`, `${bytes(job.bytes_done)} / ${bytes(job.bytes)}`, String(job.models),
    ]));
  }

  function showJob(job) {
    write(byId("job-title"), status.jobs.length > 1 ? `Shards of ${job.name}` : "Shards");
    const words = [`${job.shards_done} of ${job.shards} done`];
    if (job.shards_leased) words.push(`${job.shards_leased} under way`);
    if (job.shards_set_aside) words.push(`${job.shards_set_aside} set aside`);
    if (job.shards_per_cell > 1) words.push(`${job.shards_per_cell} to a square`);
    write(byId("job-note"), words.join(", "));
    attribute(byId("map"), "aria-label", `Shards in the order of the plan: ${words.join(", ")}`);
    map(job.map);
    tree(job);
  }

  // ---- the map of shards -------------------------------------------------------------------------
  let painted = "";
  function map(cells) {
    const canvas = byId("map");
    const width = byId("map-box").clientWidth;
    const ratio = window.devicePixelRatio || 1;
    const colours = getComputedStyle(document.documentElement);
    const state = `${cells}|${width}|${ratio}|${document.documentElement.dataset.theme}`;
    if (state === painted || width === 0) return;
    painted = state;
    const shown = Math.min(cells.length, LIMIT.cells);
    const pitch = shown <= 400 ? 16 : shown <= 2000 ? 11 : shown <= 6000 ? 7 : 5;
    const gap = pitch > 8 ? 2 : 1;
    const columns = Math.max(1, Math.floor((width + gap) / pitch));
    const height = Math.max(pitch, Math.ceil(shown / columns) * pitch);
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(ratio, ratio);
    const side = pitch - gap;
    for (const [mark, name] of [[".", "--open"], ["o", "--doubt"], ["#", "--accent"], ["x", "--bad"]]) {
      context.fillStyle = colours.getPropertyValue(name).trim();
      for (let i = 0; i < shown; i += 1) {
        if (cells[i] === mark) context.fillRect((i % columns) * pitch, Math.floor(i / columns) * pitch, side, side);
      }
    }
    // What is set aside is told by form as well.
    context.strokeStyle = colours.getPropertyValue("--paper").trim();
    context.beginPath();
    for (let i = 0; i < shown; i += 1) {
      if (cells[i] !== "x") continue;
      const [x, y] = [(i % columns) * pitch, Math.floor(i / columns) * pitch];
      context.moveTo(x, y);
      context.lineTo(x + side, y + side);
      context.moveTo(x + side, y);
      context.lineTo(x, y + side);
    }
    context.stroke();
  }

  // ---- the tree so far ---------------------------------------------------------------------------
  function tree(job) {
    const found = job.tree;
    const key = JSON.stringify([job.name, found ?? null]);
    if (key === shownTree) return;
    shownTree = key;
    const box = byId("tree");
    if (!found || found.families.length === 0) {
      write(byId("tree-note"), "");
      box.replaceChildren(make("p", { class: "hint" }, "Appears when the first tensors are finished."));
      return;
    }
    const certain = found.families.filter((family) => family.is_certain).length;
    write(byId("tree-note"), `from ${found.tensors_used} of ${found.tensors} tensors; ${certain} of ${count(found.families.length, "family", "families")} certain`);
    let room = LIMIT.models;
    let left = 0;
    const closed = new Set([...box.querySelectorAll("details:not([open])")].map((one) => one.dataset.root));
    const lists = found.families.map((family) => {
      if (room <= 0) { left += family.models; return null; }
      const children = new Map();
      for (const edge of family.edges) {
        if (!children.has(edge.parent)) children.set(edge.parent, []);
        children.get(edge.parent).push(edge);
      }
      const seen = new Set();
      const branch = (id) => {
        seen.add(id);
        const items = [];
        for (const edge of children.get(id) ?? []) {
          if (seen.has(edge.child)) continue;
          if (room <= 0) { left += 1; continue; }
          room -= 1;
          items.push(make("li", {}, make("span", { class: "id" }, edge.child), " ",
            make("span", { class: "support" }, `${Math.round(100 * edge.support)} %`), branch(edge.child)));
        }
        return items.length ? make("ul", {}, ...items) : null;
      };
      room -= 1;
      return make("details", { open: !closed.has(family.root), "data-root": family.root },
        make("summary", {}, make("span", { class: "id" }, family.root), ` ${count(family.models, "model", "models")} `,
          make("span", { class: family.is_certain ? "badge certain" : "badge" }, family.is_certain ? "✓ certain" : "still open")),
        branch(family.root));
    });
    box.replaceChildren(...lists.filter(Boolean), ...(left ? [make("p", { class: "hint" }, `and ${count(left, "model", "models")} more`)] : []));
  }

  // ---- workers and trouble -----------------------------------------------------------------------
  const order = { silent: 0, computing: 1, idle: 2 };

  function listWorkers(workers) {
    const wish = byId("filter").value.trim().toLowerCase();
    const fits = (worker) => !wish || `${worker.name} ${worker.key ?? ""} ${worker.state}`.toLowerCase().includes(wish);
    const found = workers.filter(fits).sort((a, b) => order[a.state] - order[b.state] || b.bytes_per_second - a.bytes_per_second);
    const shown = found.slice(0, LIMIT.workers);
    const states = ["computing", "idle", "silent"].map((state) => [workers.filter((worker) => worker.state === state).length, state]);
    const words = [states.filter(([number]) => number).map(([number, state]) => `${number} ${state}`).join(", ") || "none yet"];
    if (wish) words.push(`${found.length} fit`);
    if (shown.length < found.length) words.push(`${shown.length} shown`);
    write(byId("workers-note"), words.join("; "));
    const several = status.jobs.length > 1;
    table(bodyOf("worker-table"), ["name", "", "wide", "number", "number", "number", "number", "number"], shown.map((worker) => {
      const first = worker.shards[0];
      const more = worker.shards.length > 1 ? ` +${worker.shards.length - 1}` : "";
      return [
        titled(worker.key ? `${worker.name} (${worker.key})` : worker.name), ofState(worker.state),
        titled(first ? `${several ? `${first.job} ` : ""}${first.shard} ${first.tensor}, ${duration(first.seconds)}${more}` : "–"),
        `${bytes(worker.bytes_per_second)}/s`, bytes(worker.bytes_read), worker.shards_done.toLocaleString("en"),
        `${bytes(worker.resident_bytes)} of ${bytes(worker.memory_bytes)}`, `${worker.seconds_since_heard.toFixed(1)} s ago`,
      ];
    }));
  }

  let shownMissing = "";
  function listMissing() {
    byId("missing").hidden = status.missing.length === 0;
    const key = JSON.stringify(status.missing);
    if (key === shownMissing) return;
    shownMissing = key;
    const hosts = new Map();
    for (const { host, file } of status.missing) {
      if (!hosts.has(host)) hosts.set(host, []);
      hosts.get(host).push(file);
    }
    write(byId("missing-note"), `${count(status.missing.length, "file", "files")} on ${count(hosts.size, "host", "hosts")}`);
    byId("missing-list").replaceChildren(
      make("p", { class: "hint" }, "Shards that need them go to other hosts. Mount the models there, or start those workers with ",
        make("code", {}, "--path-map FROM=TO"), "."),
      ...[...hosts].slice(0, LIMIT.hosts).map(([host, files]) => make("details", { open: hosts.size < 4 },
        make("summary", {}, make("code", {}, host), ` ${count(files.length, "file", "files")}`),
        make("ul", {}, ...files.slice(0, LIMIT.files).map((file) => make("li", { class: "file" }, file)),
          files.length > LIMIT.files ? make("li", {}, `and ${files.length - LIMIT.files} more`) : null))),
      hosts.size > LIMIT.hosts ? make("p", { class: "hint" }, `and ${count(hosts.size - LIMIT.hosts, "host", "hosts")} more`) : "");
  }

  let shownFailures = "";
  function listFailures() {
    const latest = status.failures.slice(-LIMIT.failures).reverse();
    byId("failures").hidden = latest.length === 0;
    const key = JSON.stringify(latest);
    if (key === shownFailures) return;
    shownFailures = key;
    write(byId("failures-note"), `the latest ${latest.length}, newest first`);
    byId("failure-list").replaceChildren(...latest.map((failure) => {
      const place = [failure.job, Number.isInteger(failure.shard) ? `shard ${failure.shard}` : null].filter(Boolean).join(", ");
      return make("li", {}, make("time", { datetime: failure.time }, clock(failure.time)), " ", make("b", {}, failure.worker),
        place ? ` (${place})` : "", `: ${failure.message}`);
    }));
  }

  function listSlow() {
    const files = status.slowest_files.slice(0, LIMIT.files);
    byId("slow").hidden = files.length === 0;
    table(bodyOf("slow-table"), ["name", "number", "number"], files.map((file) => [
      titled(file.file), file.seconds > 0 ? `${bytes(file.bytes / file.seconds)}/s` : "–", bytes(file.bytes),
    ]));
  }

  const clock = (time) => new Date(time).toLocaleTimeString("en-GB");

  /** For those who listen: the state, and every tenth part of the way. */
  function announce(share) {
    const news = `${status.state}, ${Math.floor(share / 10) * 10} percent`;
    if (news === announced) return;
    announced = news;
    write(byId("news"), news);
  }

  // ---- asking ------------------------------------------------------------------------------------
  let answered = null;
  function lost(sentence) {
    byId("lost").hidden = sentence === null;
    if (sentence !== null) write(byId("lost"), sentence);
  }

  async function ask() {
    try {
      const answer = await fetch("status.json", { cache: "no-store", signal: AbortSignal.timeout(5 * SECOND) });
      if (answer.status === 503) {
        lost("The coordinator has begun; there is nothing to show yet.");
        return;
      }
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      status = await answer.json();
      answered = new Date();
      lost(null);
    } catch {
      const since = answered ? ` since ${clock(answered)}; what is below was true then` : "";
      const ended = status && ["finished", "stopped"].includes(status.state);
      lost(ended ? `The coordinator has ended (${status.state}).`
        : `The coordinator does not answer${since}. It has ended, or the way to it is cut.`);
      return;
    }
    update();
  }

  async function follow() {
    try {
      await ask();
    } finally {
      setTimeout(follow, document.hidden ? 10 * SECOND : SECOND);
    }
  }

  // ---- start -------------------------------------------------------------------------------------
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  const remembered = () => { try { return localStorage.getItem("modeltree-theme"); } catch { return null; } };
  function setTheme(theme) {
    document.documentElement.dataset.theme = theme;
    if (status) update();
  }
  byId("theme").addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    try { localStorage.setItem("modeltree-theme", theme); } catch { /* storage may be switched off */ }
    setTheme(theme);
  });
  prefersDark.addEventListener("change", (event) => { if (!remembered()) setTheme(event.matches ? "dark" : "light"); });
  setTheme(remembered() ?? (prefersDark.matches ? "dark" : "light"));
  byId("filter").addEventListener("input", () => { if (status) listWorkers(status.workers); });
  new ResizeObserver(() => { if (status) update(); }).observe(byId("map-box"));
  for (const name of ["job", "jobs", "missing", "failures", "slow"]) byId(name).hidden = true;
  follow();
})();
