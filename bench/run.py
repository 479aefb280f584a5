"""Measures modeltree against the published approach, a one-pass numpy program and what the machine
can do, on collections that it makes itself; writes BENCHMARKS.md and bench/cost.svg.

    run.py [quick]      quick: small collections, about two minutes, nothing is written

MODELTREE_BENCH_DIR names a folder for the collections (about the memory of this machine and a half; by
default below the system's temporary folder). They are kept for the next time.
"""

import json
import os
import platform
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path

import h5py
import numpy as np

import report
from collections_of_models import Collection, linear, write

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / ".build/release"
SCRATCH = Path(os.environ.get("MODELTREE_BENCH_DIR", f"{tempfile.gettempdir()}/modeltree-bench"))
CORES = os.cpu_count()
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
LIMIT = "128MiB"
# Seconds after which models in disguise are left out.
ALIGNED_LIMIT = 1800
# Let OpenBLAS choose its kernels for this processor, whatever the shell's environment says.
PLAIN = {k: v for k, v in os.environ.items() if not k.startswith("OPENBLAS_")}
# The libraries that numpy and scipy bring along: another build of OpenBLAS may be several times faster than the system's.
LIBRARIES = [
    str(library)
    for package in ("numpy", "scipy")
    for library in sorted(Path(np.__file__).parents[1].glob(f"{package}.libs/*openblas*"))
]


def collections(quick):
    if quick:
        return [
            Collection("n2", 2, linear(8, 512, 512), what="2 models"),
            Collection("n20", 20, linear(8, 512, 512), what="20 models"),
            Collection("many-small", 8, linear(300, 64, 64), what="many small tensors"),
            Collection("embedding", 4, [[16384, 512]], names=["embed_tokens.weight"], what="one embedding"),
            Collection("sharded-bf16", 4, linear(8, 512, 1024), "BF16", shards=3, what="sharded bf16"),
        ]
    by_n = [Collection(f"n{n}", n, linear(24, 1024, 1024), what=f"{n} models") for n in (2, 8, 20, 50)]
    by_weights = [
        Collection(f"w{count}", 8, linear(count, 512, 512), what=f"8 models, {count} tensors") for count in (8, 32, 384)
    ]
    large = Collection(
        "larger-than-memory",
        8,
        linear(max(1, int(1.2 * MEMORY) // (8 * 4 << 24)), 4096, 4096),
        what="larger than memory",
    )
    return by_n + [
        Collection("n200", 200, linear(6, 1024, 1024), what="200 models"),
        *by_weights,
        Collection("many-small", 8, linear(3000, 64, 64), what="many small tensors"),
        Collection("embedding", 4, [[128_256, 1024]], names=["embed_tokens.weight"], what="one huge embedding"),
        Collection("sharded-bf16", 8, linear(24, 1024, 2048), "BF16", shards=4, what="sharded bf16"),
        large,
    ]


# ---- programs -----------------------------------------------------------------------------------


class Watch(threading.Thread):
    """Peak resident sets of a process and of its children, in bytes; with `together` also the peak of their sum at
    one moment, with shared pages counted once."""

    def __init__(self, pid, together):
        super().__init__(daemon=True)
        self.pid, self.own, self.child, self.ended = pid, 0, 0, threading.Event()
        self.looks_at_pages, self.together = together, 0
        self.start()

    def run(self):
        while not self.ended.wait(0.02):
            below = children(self.pid)
            self.own = max(self.own, peak(self.pid))
            self.child = max([self.child, *map(peak, below)])
            if self.looks_at_pages:
                self.together = max(self.together, sum(map(proportional, [self.pid, *below])))


def peak(pid):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def proportional(pid):
    """The present resident set, with each shared page counted by share. The kernel walks all pages for it."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def children(pid):
    try:
        return [
            int(child)
            for task in Path(f"/proc/{pid}/task").iterdir()
            for child in (task / "children").read_text().split()
        ]
    except OSError:
        return []


def recover(folder, workers=CORES, memory="512MiB", together=False, options=()):
    """One run of ours: its record, and the peaks of coordinator and workers."""
    out = SCRATCH / "run"
    shutil.rmtree(out, ignore_errors=True)
    command = [BUILD / "modeltree", "recover", folder, "--out", out, "--workers", str(workers), "--memory", memory]
    command += options
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=PLAIN)
    watch = Watch(process.pid, together)
    errors = process.stderr.read()
    if process.wait() != 0:
        raise SystemExit(f"{command} failed: {errors.decode()}")
    watch.ended.set()
    watch.join()
    record = json.loads((out / "run.json").read_text())
    return record | {"coordinator": watch.own, "worker": watch.child, "together": watch.together}


def script(name, *arguments):
    command = [sys.executable, Path(__file__).parent / name, *map(str, arguments)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=PLAIN)
    return json.loads(done.stdout)


def kernels(section, seconds):
    done = subprocess.run(
        [BUILD / "kernel-bench", section],
        check=True,
        stdout=subprocess.PIPE,
        env=PLAIN | {"KERNEL_BENCH_SECONDS": str(seconds), "KERNEL_BENCH_OPENBLAS": ":".join(LIBRARIES)},
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def scans(quick):
    """Scans of registries of made-up models: full fingerprints, and so many that only small ones fit."""
    rows = []
    for models, width in [(1_000, 256)] if quick else [(10_000, 256), (100_000, 24)]:
        command = [BUILD / "registry-bench", str(models), str(width), SCRATCH]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, env=PLAIN)
        rows += [json.loads(line) for line in done.stdout.splitlines()]
    return rows


def forests(quick):
    """Recoveries of many small models, of one family and of many, with all pairs and with sections."""
    rows = []
    for models, families in [(200, 10)] if quick else [(500, 1), (2000, 1), (1000, 20), (3000, 60)]:
        folder = SCRATCH / f"forest-{models}-{families}"
        if not (folder / "truth.json").exists():
            maker = Path(__file__).parent / "forest_of_models.py"
            size = ["--models", str(models), "--families", str(families)]
            subprocess.run([sys.executable, maker, folder, *size], check=True)
        edges = {}
        for pairs in ["all", "sections"] if families > 1 else ["all"]:
            run = recover(folder, options=["--pairs", pairs])
            links = json.loads((SCRATCH / "run/tree.json").read_text())["links"]
            edges[pairs] = {(link["source"], link["target"]) for link in links if "extra" not in link}
            rows.append(
                {
                    "models": models,
                    "families": families,
                    "pairs": pairs,
                    "import": run["seconds_by_phase"]["import and plan"],
                    "compare": run["seconds_by_phase"]["compare"],
                    "solve": run["seconds_by_phase"]["solve"],
                    "processor": run["processor_seconds_by_phase"]["solve"],
                    "coordinator": run["coordinator"],
                    "journal": (SCRATCH / "run/journal.sqlite").stat().st_size,
                    "agree": len(edges[pairs] & edges["all"]) / len(edges["all"]) if pairs != "all" else None,
                }
            )
    return rows


def aligned():
    """The table of bench/aligned.py; None where it does not come to an end."""
    program = Path(__file__).parent / "aligned.py"
    # `timeout` ends what the script started as well.
    command = ["timeout", str(ALIGNED_LIMIT), sys.executable, program, "--binary", BUILD / "modeltree"]
    done = subprocess.run([*command, "--work", SCRATCH / "aligned"], stdout=subprocess.PIPE, text=True, env=PLAIN)
    if done.returncode != 0:
        print(f"aligned.py: left out, it ended with {done.returncode}", flush=True)
        return None
    return "\n".join(line for line in done.stdout.splitlines() if line.startswith("|"))


def dd(*parts, prefixes=([],)):
    """Seconds for dd to read all files: the files of a part one after the other, the parts side by side."""
    loop = 'for file; do dd if="$file" of=/dev/null bs=16M status=none || exit 1; done'
    start = time.monotonic()
    started = [subprocess.Popen([*prefix, "sh", "-c", loop, "sh", *part]) for prefix, part in zip(prefixes, parts)]
    ends = [reader.wait() for reader in started]
    if any(ends):
        raise SystemExit("dd failed")
    return time.monotonic() - start


def forget(files):
    """Drops the files from the page cache."""
    for file in files:
        with open(file, "rb") as stream:
            os.fsync(stream.fileno())
            os.posix_fadvise(stream.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


# ---- measurements -------------------------------------------------------------------------------


def accuracy(answer):
    """The largest relative difference of our squared distances from those of the one-pass program."""
    with h5py.File(SCRATCH / "run/results.h5") as results:
        ours = np.nansum(results["tensor_distance/l2"][:] ** 2, axis=0)
    theirs = np.load(answer)
    off = ~np.eye(len(theirs), dtype=bool)
    return float(np.max(np.abs(ours - theirs)[off] / theirs[off]))


def measure(collection, rounds, limit, ssyrk):
    folder = write(collection, SCRATCH)
    files = collection.files(SCRATCH)
    fits = collection.bytes < 0.6 * MEMORY
    row = {
        "name": collection.name,
        "what": collection.what,
        "n": collection.models,
        "weights": collection.weights,
        "bytes": collection.bytes,
        "dtype": collection.dtype,
    }
    cold, warm, cold_dd, warm_dd = [], [], [], []
    for _ in range(rounds if fits else 1):
        forget(files)
        cold_dd.append(dd(files))
        forget(files)
        cold.append(recover(folder))
        if fits:
            warm_dd.append(dd(files))
            warm.append(recover(folder))
    best = min(warm or cold, key=lambda r: r["seconds"])
    coldest = min(cold, key=lambda r: r["seconds_by_phase"]["compare"])
    row |= {
        "seconds": best["seconds"],
        "compare": best["seconds_by_phase"]["compare"],
        "cold_compare": coldest["seconds_by_phase"]["compare"],
        "cold": min(r["seconds"] for r in cold),
        "dd_cold": min(cold_dd),
        "dd_warm": min(warm_dd) if warm_dd else None,
        "read_ratio": max(r["read_ratio"] for r in cold + warm),
        "worker": max(r["worker"] for r in cold + warm),
        "coordinator": max(r["coordinator"] for r in cold + warm),
        # In a separate run, because inspecting pages slows the programs down.
        "together": recover(folder, together=True)["together"],
        "shards": best["shards"],
        "coordinator_ms": 1e3 * best["serving_seconds"] / best["shards"],
    }
    with sqlite3.connect(SCRATCH / "run/journal.sqlite") as journal:
        row["shard_bytes"] = journal.execute("SELECT avg(length(partial)) FROM shard").fetchone()[0]
    pairs = collection.models * (collection.models - 1) / 2 * collection.weights
    row["ssyrk_seconds"] = pairs / (rate_at(ssyrk, collection.models) * 1e9) / CORES
    answer = SCRATCH / "answer.npy"
    one = [script("onepass.py", folder, answer) for _ in range(1 if not fits else rounds)]
    row["onepass"], row["onepass_rss"] = min(o["seconds"] for o in one), max(o["rss"] for o in one)
    row["error"] = accuracy(answer)
    # The published rank distance uses square tensors only.
    square = any(len(shape) == 2 and shape[0] == shape[1] for shape in collection.shapes)
    for method in ("ft", "lora") if square else ("ft",):
        found = script("published.py", folder, method, limit)
        row[method] = found["seconds"] + found["scoring"]
        row[f"{method}_share"] = found["share"]
        row[f"{method}_rss"] = found["rss"]
    print(json.dumps(row), flush=True)
    return row


def rate_at(ssyrk, n):
    """Pair-coordinates per second, in 1e9, that ssyrk reaches for the measured size next to n."""
    return min(ssyrk, key=lambda row: abs(row["n"] - n))["ssyrk_gps"]


def scaling(folder, files, rounds):
    """Seconds from the start of the workers to the end of the last one, for several set-ups in turn; also of one dd
    that reads all files, and of one dd per core that share them."""
    first, second = sorted(os.sched_getaffinity(0))[:2]
    pinned = [["taskset", "-c", str(core)] for core in (first, second)]
    setups = {
        "one worker, one core": [(pinned[0], 1)],
        "two workers, two cores": [(pinned[0], 1), (pinned[1], 1)],
        "two threads, two cores": [(["taskset", "-c", f"{first},{second}"], 2)],
        "one thread, two cores": [(["taskset", "-c", f"{first},{second}"], 1)],
    }
    shares = {"one dd, one core": [files], "two dd, two cores": [files[::2], files[1::2]]}
    found = {setup: [] for setup in setups | shares}
    for _ in range(rounds):
        for setup, workers in setups.items():
            found[setup].append(served(folder, workers))
        for setup, parts in shares.items():
            found[setup].append(dd(*parts, prefixes=pinned))
    return {setup: min(times) for setup, times in found.items()}


def served(folder, workers):
    """Seconds from start to end of workers that we start ourselves, each given as (command prefix, threads)."""
    out = SCRATCH / "run"
    shutil.rmtree(out, ignore_errors=True)
    coordinator = subprocess.Popen(
        [BUILD / "modeltree", "coordinate", folder, "--out", out, "--listen", "tcp://127.0.0.1:*"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=PLAIN,
    )
    endpoint = next(line.split()[-1] for line in coordinator.stderr if "modeltree-worker --connect" in line)
    start = time.monotonic()
    started = [
        subprocess.Popen(
            [*prefix, BUILD / "modeltree-worker", "--connect", endpoint, "--threads", str(threads), "--memory", "1GiB"],
            env=PLAIN,
            stderr=subprocess.DEVNULL,
        )
        for prefix, threads in workers
    ]
    if any(worker.wait() != 0 for worker in started):
        raise SystemExit("a worker failed")
    seconds = time.monotonic() - start
    coordinator.stderr.read()
    coordinator.wait()
    return seconds


def limits(quick):
    """Peak of a worker for few and many models, and for tensors of 1 and of 2^31 weights."""
    found = []
    shapes = [[1], [64, 2048], [300, 64]]
    names = ["logit_scale", "layers.0.attn.weight", "embed_tokens.weight"]
    for n in (2, 30, 200) if quick else (2, 30, 200, 1000):
        folder = write(Collection(f"tiny{n}", n, shapes, names=names), SCRATCH)
        found.append((f"{n} models of a tensor of 1 and two small ones", folder))
    if not quick:
        found.append(("2 models of a tensor of 2^31 weights (sparse files)", sparse()))
    rows = []
    for what, folder in found:
        run = recover(folder, memory=LIMIT)
        rows.append(
            {"what": what, "worker": run["worker"], "coordinator": run["coordinator"], "read_ratio": run["read_ratio"]}
        )
    return rows


def sparse():
    """Two models with one tensor each, in a sparse file of 4 GiB."""
    folder = SCRATCH / "sparse"
    for model in ("a", "b"):
        (folder / model).mkdir(parents=True, exist_ok=True)
        size = 2 << 31
        text = json.dumps(
            {"layers.0.attn.weight": {"dtype": "BF16", "shape": [1 << 15, 1 << 16], "data_offsets": [0, size]}}
        ).encode()
        text += b" " * (-len(text) % 8)
        with open(folder / model / "model.safetensors", "wb") as out:
            out.write(len(text).to_bytes(8, "little") + text)
            out.truncate(8 + len(text) + size)
    return folder


def budgets(folder):
    """How far a worker's peak exceeds its budget, for several budgets."""
    return [
        {"memory": memory, "worker": found["worker"], "read_ratio": found["read_ratio"]}
        for memory in ("128MiB", "256MiB", "2GiB")
        for found in [recover(folder, memory=memory)]
    ]


def machine():
    info = Path("/proc/cpuinfo").read_text().splitlines()
    model = next((line.split(":")[1].strip() for line in info if line.startswith("model name")), "?")
    return {
        "processor": model,
        "cores": CORES,
        "memory": MEMORY,
        "system": platform.platform(),
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "load": os.getloadavg()[0],
    }


def busy():
    """Seconds that the processors worked since the start of the machine, and those of this program and what
    it started."""
    ticks = [int(word) for word in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    all_of_them = (sum(ticks) - ticks[3] - ticks[4]) / os.sysconf("SC_CLK_TCK")
    own = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return all_of_them, own


def main():
    quick = "quick" in sys.argv[1:]
    SCRATCH.mkdir(parents=True, exist_ok=True)
    rounds, limit = (1, 1.5) if quick else (2, 8)
    facts = {"machine": machine()}
    start, before = time.monotonic(), busy()
    facts["pairs"] = kernels("pairs", 0.1 if quick else 0.5)
    facts["pass"] = kernels("pass", 0.05 if quick else 0.3)
    facts["encoded"] = kernels("encoded", 0.05 if quick else 0.3)
    centre = [kernels("centre", 0)[0] for _ in range(rounds)]
    facts["centre"] = {key: min(found[key] for found in centre) for key in centre[0] if key != "section"}
    facts["rows"] = []
    for collection in collections(quick):
        room = shutil.disk_usage(SCRATCH).free
        if collection.bytes * 1.05 > room and not collection.files(SCRATCH):
            print(f"{collection.name}: left out, needs {collection.bytes} bytes, {room} are free", flush=True)
            continue
        facts["rows"].append(measure(collection, rounds, limit, facts["pairs"]))
    most = max(facts["rows"], key=lambda row: row["n"])["name"]
    # Enough shards that no worker waits for the last one, and enough pairs that memory is not the only limit.
    facts["scaled"] = "n50" if any(row["name"] == "n50" for row in facts["rows"]) else most
    recover(SCRATCH / facts["scaled"])
    files = sorted((SCRATCH / facts["scaled"]).rglob("*.safetensors"))
    facts["scaling"] = scaling(SCRATCH / facts["scaled"], files, max(3, rounds))
    facts["budgets"] = budgets(SCRATCH / most)
    facts["limit"], facts["limits"] = LIMIT, limits(quick)
    facts["most"] = most
    facts["forests"] = forests(quick)
    facts["scans"] = scans(quick)
    facts["aligned"] = None if quick else aligned()
    after = busy()
    facts["machine"]["others"] = ((after[0] - before[0]) - (after[1] - before[1])) / CORES / (time.monotonic() - start)
    (SCRATCH / "facts.json").write_text(json.dumps(facts, indent=1))
    text = report.text(facts)
    if quick:
        print(text)
        return
    (ROOT / "BENCHMARKS.md").write_text(text)
    report.plot(facts, ROOT / "bench/cost.svg")


if __name__ == "__main__":
    main()
