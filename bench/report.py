"""Writes the measurements as Markdown and as a plot."""

import matplotlib

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "modeltree"
import matplotlib.pyplot as plt  # noqa: E402

GB = 1e9
MIB = 1 << 20
# Models and the seconds that solving one family of them, and a scan of a registry of them, may take.
SOLVING = [(500, 1), (2000, 10)]
SCANS = [(10_000, 5), (100_000, 60)]


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def seconds(value):
    return f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 100 else f"{value:.0f}"


def times(value):
    return f"{value:.2f} x" if value < 10 else f"{value:.0f} x"


def about(row, method):
    """A published time; a tilde where it was extrapolated from some of the pairs."""
    if method not in row:
        return "no square tensor"
    return ("" if row[f"{method}_share"] == 1 else "~ ") + seconds(row[method])


def collection_rows(rows):
    for r in rows:
        yield [
            r["what"],
            f"{r['n']}",
            f"{r['weights'] / 1e6:.1f} M {r['dtype']}",
            f"{r['bytes'] / GB:.2f}",
            seconds(r["seconds"]),
            seconds(r["onepass"]),
            about(r, "ft"),
            about(r, "lora"),
            times(r["onepass"] / r["seconds"]),
            times(r["ft"] / r["seconds"]),
            times(r["lora"] / r["seconds"]) if "lora" in r else "-",
        ]


def floor_rows(rows):
    for r in rows:
        warm = r["dd_warm"]
        compute = r["ssyrk_seconds"]
        floor = max(warm or r["dd_cold"], compute)
        yield [
            r["what"],
            seconds(r["dd_cold"]),
            seconds(r["cold_compare"]),
            f"{r['dd_cold'] / r['cold_compare']:.2f}",
            seconds(warm) if warm else "does not fit",
            f"{compute:.3f}",
            seconds(r["compare"]),
            f"{floor / r['compare']:.2f}",
        ]


def memory_rows(rows):
    for r in rows:
        yield [
            r["what"],
            f"{r['worker'] / MIB:.0f}",
            f"{r['coordinator'] / MIB:.0f}",
            f"{r['together'] / MIB:.0f}",
            f"{r['onepass_rss'] / MIB:.0f}",
            f"{max(r['ft_rss'], r.get('lora_rss', 0)) / MIB:.0f}",
            times(r["onepass_rss"] / r["together"]),
            f"{r['read_ratio']:.4f}",
            f"{r['error']:.1e}",
            f"{r['shards']}",
            f"{r['shard_bytes'] / 1e3:.0f}",
            f"{r['coordinator_ms']:.2f}",
        ]


def text(facts):
    m, rows = facts["machine"], facts["rows"]
    centre = facts["centre"]
    scaling = facts["scaling"]
    one, one_dd = scaling["one worker, one core"], scaling["one dd, one core"]
    missed = misses(facts)
    return f"""# Benchmarks

Written by `make bench` on {m["date"]}: {m["processor"]}, {m["cores"]} cores, {m["memory"] / 2**30:.0f} GiB,
{m["system"]}, Python {m["python"]}, numpy {m["numpy"]}; load {m["load"]:.1f} at the start.
{others(m)}All programs in a row were measured side by side in one run, on the same files. The ratios are
the result; the times depend on the machine.

## Against other programs

Seconds from the command line to the written tree, with warm files (cold where they do not fit in memory). *One pass* is
a numpy program that stacks each tensor of all models and multiplies blocks in float64 (`bench/onepass.py`). *Published*
loads both models of every pair (`bench/published.py`): *ft* takes the largest difference, *lora* numpy's `matrix_rank`
of square tensors. A tilde marks times extrapolated from the pairs that could be computed in a few seconds.

{
        table(
            [
                "collection",
                "n",
                "weights per model",
                "GB",
                "modeltree",
                "one pass",
                "published ft",
                "published lora",
                "one pass / ours",
                "ft / ours",
                "lora / ours",
            ],
            collection_rows(rows),
        )
    }

![Seconds against the number of models and the weights per model](bench/cost.svg)

## Against the machine

*dd* reads the same files in 16 MiB blocks. *ssyrk* is the time of OpenBLAS's product of the same blocks on all cores.
No program of this kind can be faster than the slower of the two; `floor / ours` shows how close the comparison (without
import and solving) comes to that floor.

{
        table(
            ["collection", "dd cold", "ours cold", "dd / ours", "dd warm", "ssyrk", "ours warm", "floor / ours"],
            floor_rows(rows),
        )
    }

## Memory, bytes, accuracy

Peak resident MiB, {m["cores"]} workers of 512 MiB each; *together* is the
peak of all our programs at one moment, with shared pages counted once; the one-pass program is compared with it. *Read*
is bytes read / bytes of weights. *Error* is the largest relative difference between our squared distances and those of
the one-pass program in float64. *ms / shard* is the processor time of the coordinator's thread that hands out shards,
checks the sums it receives and writes them to the journal; *KB / shard* is the size of a shard's sums and samples.

{
        table(
            [
                "collection",
                "a worker",
                "coordinator",
                "together",
                "one pass",
                "published",
                "one pass / ours",
                "read",
                "error",
                "shards",
                "KB / shard",
                "ms / shard",
            ],
            memory_rows(rows),
        )
    }

With other budgets ({facts["most"]}): {
        ", ".join(
            f"{b['memory']} -> peak {b['worker'] / MIB:.0f} MiB, read {b['read_ratio']:.4f}" for b in facts["budgets"]
        )
    }.

Peaks with `--memory {facts["limit"]}`, which allows a worker {allowed(facts) / MIB:.0f} MiB:

{
        table(
            ["collection", "a worker", "coordinator", "read"],
            [
                [r["what"], f"{r['worker'] / MIB:.0f}", f"{r['coordinator'] / MIB:.0f}", f"{r['read_ratio']:.4f}"]
                for r in facts["limits"]
            ],
        )
    }

## The kernels

Pair-coordinates per second (1e9, one thread) of the whole pass, moments included, against `ssyrk` of the fastest
OpenBLAS here: the system's, numpy's or scipy's, each with the kernels that it chooses itself.

{
        table(
            ["n", "ours", "ssyrk", "ratio", "whose"],
            [
                [f"{p['n']}", f"{p['ours_gps']:.1f}", f"{p['ssyrk_gps']:.1f}", f"{p['ratio']:.2f}", p["library"]]
                for p in facts["pairs"]
            ],
        )
    }

GB of weights per second (one thread, from memory) of the whole pass, against a plain read with vector loads:

{
        table(
            ["n", "type", "ours", "read", "ratio"],
            [
                [f"{p['n']}", p["type"], f"{p['ours_gbs']:.1f}", f"{p['read_gbs']:.1f}", f"{p['ratio']:.2f}"]
                for p in facts["pass"]
            ],
        )
    }

1e9 weights per second (one thread, from memory) of eight models that are decoded before they are compared, against
the pass over the same number of F16 weights:

{
        table(
            ["encoding", "ours", "F16", "F16 / ours"],
            [
                [p["encoding"], f"{p['ours_gws']:.2f}", f"{p['f16_gws']:.2f}", f"{p['ratio']:.2f}"]
                for p in facts["encoded"]
            ],
        )
    }

## Scaling, and the coordinator

{facts["scaled"]}, from the start of the workers to their end. A worker reads on one thread and computes
on others, so one that may use two cores uses part of the second. The last rows are dd, which only reads the same warm
files.

{
        table(
            ["what computes", "seconds", "faster"],
            [
                [what, seconds(value), times((one_dd if " dd," in what else one) / value)]
                for what, value in scaling.items()
            ],
        )
    }

{centre["n"]} models in a dense matrix: families {centre["families_s"]:.2f} s, Ward linkage {centre["ward_s"]:.2f} s,
cost matrix {centre["cost_s"]:.2f} s, arborescence {centre["arborescence_s"]:.2f} s; peak
{centre["rss_bytes"] / GB:.1f} GB for matrices of {centre["matrix_bytes"] / GB:.1f} GB.

## Thousands of models

Seconds of a recovery of small models (bf16, 1.3e5 to 6.7e5 weights) whose trees are known, by `bench/forest_of_models.py`: *all*
compares all pairs, *sections* those that are alike by fingerprint. *Processor* is what the coordinator needs for solving.
*Agree* is the share of the edges of *all* that *sections* finds as well.

{
        table(
            [
                "models",
                "families",
                "pairs",
                "import",
                "compare",
                "solve",
                "processor",
                "peak MiB",
                "journal MB",
                "agree",
            ],
            [
                [
                    f"{row['models']}",
                    f"{row['families']}",
                    row["pairs"],
                    seconds(row["import"]),
                    seconds(row["compare"]),
                    seconds(row["solve"]),
                    seconds(row["processor"]),
                    f"{row['coordinator'] / MIB:.0f}",
                    f"{row['journal'] / 1e6:.0f}",
                    "-" if row["agree"] is None else f"{row['agree']:.1%}",
                ]
                for row in facts["forests"]
            ],
        )
    }

## Registries

Seconds of a scan, after the model in question was read, by made-up registries (`registry-bench`): whole fingerprints,
and small ones where whole ones would take 20 GB. The faster of two.

{
        table(
            ["models", "KB / fingerprint", "suspect", "seconds", "peak MiB"],
            [
                [
                    f"{row['models']}",
                    f"{row['bytes'] / 1e3:.0f}",
                    row["what"],
                    seconds(min(other["seconds"] for other in facts["scans"] if same(other, row))),
                    f"{row['peak_bytes'] / MIB:.0f}",
                ]
                for row in facts["scans"]
                if row["run"] == 2
            ],
        )
    }

## Models in disguise

{disguises(facts)}

## Targets missed

{chr(10).join(f"- {line}" for line in missed) or "No target was missed."}
"""


def disguises(facts):
    """What `bench/aligned.py` measured."""
    if not facts.get("aligned"):
        return "Not measured: `bench/aligned.py` says what it takes to undo a disguise."
    return (
        "Seconds of a recovery and of the processor, with `--align off` and `--align auto`, of a decoder and its children "
        "with and without one\nin disguise, by `bench/aligned.py`.\n\n" + facts["aligned"]
    )


def same(one, other):
    """Are these scans of the same model by the same registry?"""
    return all(one[key] == other[key] for key in ("models", "what"))


def allowed(facts):
    """The most that a worker may take with the smallest budget, in bytes."""
    return int(facts["limit"].removesuffix("MiB")) * MIB + 64 * MIB


def others(machine):
    """A note on the processor time that other programs used meanwhile, where it matters."""
    share = machine.get("others", 0)
    if share < 0.05:
        return ""
    return (
        f"Other programs used {share:.0%} of the processor time meanwhile, which slows down mostly what runs in several "
        "threads:\n*published lora* and the scaling below. "
    )


def misses(facts):
    """The targets that this run misses, with its numbers."""
    found = []
    low = [p for p in facts["pairs"] if p["n"] >= 64 and p["ratio"] < 0.8]
    if low:
        found.append(
            "80 % of ssyrk's rate for n >= 64: "
            + ", ".join(f"{p['ratio']:.2f} at n = {p['n']}" for p in low)
            + ". A difference and a square take two instructions where a product takes one."
        )
    slow = [p for p in facts["pass"] if p["n"] < 16 and p["ratio"] < 0.7]
    if slow:
        found.append(
            "70 % of a plain read's bandwidth for n < 16: "
            + ", ".join(f"{p['ratio']:.2f} at n = {p['n']} {p['type']}" for p in slow)
            + ". Memory delivers 64 bytes in about six cycles, during which the next ones are fetched; the rest is "
            "arithmetic. The moments take some fourteen vector instructions per 16 weights (sums and squares are widened "
            "to double, because float lanes would round 16-bit weights in one direction: 1e-8 of the variance instead of "
            "1e-11), the pairs take n - 1, and the processor executes four per cycle: with f32, 64 bytes take at least "
            "(13 + n) / 4 cycles, 7 at n = 15. Weights of 16 bits arrive twice as fast and must be widened as well: "
            "(17 + n) / 2, 12.5 cycles at n = 8."
        )
    dear = [p for p in facts["encoded"] if p["encoding"] in ("Q4_K", "BNB_NF4") and p["ratio"] > 2]
    if dear:
        found.append(
            "twice the time of F16 at most for decoding and comparing Q4_K and NF4 at n = 8: "
            + ", ".join(f"{p['ratio']:.2f} with {p['encoding']}" for p in dear)
        )
    rows = facts["rows"]

    def missed(target, is_missed, value):
        """One line for all collections that miss a target."""
        found.extend(
            [f"{target}: " + ", ".join(f"{value(r)} ({r['what']})" for r in rows if is_missed(r)) + "."]
            if any(map(is_missed, rows))
            else []
        )

    def memory(r):
        return r["onepass_rss"] / r["together"]

    missed(
        "90 % of dd's throughput, cold",
        lambda r: r["dd_cold"] / r["cold_compare"] < 0.9,
        lambda r: f"{r['dd_cold'] / r['cold_compare']:.2f}",
    )
    missed("Each byte once", lambda r: r["read_ratio"] > 1.02, lambda r: f"{r['read_ratio']:.3f}")
    missed(
        "100 x the published ft approach from 20 models on",
        lambda r: r["n"] >= 20 and r["ft"] / r["seconds"] < 100,
        lambda r: times(r["ft"] / r["seconds"]),
    )
    missed(
        "3 x the one-pass program",
        lambda r: r["onepass"] / r["seconds"] < 3,
        lambda r: times(r["onepass"] / r["seconds"]),
    )
    missed("A tenth of the one-pass program's memory", lambda r: memory(r) < 10, lambda r: f"1 / {memory(r):.1f}")
    missed(
        "1 ms of the coordinator per shard",
        lambda r: r["coordinator_ms"] > 1,
        lambda r: f"{r['coordinator_ms']:.1f} ms for {r['shard_bytes'] / 1e6:.1f} MB",
    )
    over = [r for r in facts["limits"] if r["worker"] > allowed(facts)]
    if over:
        found.append(
            "The memory budget and 64 MiB: "
            + ", ".join(f"{r['worker'] / MIB:.0f} MiB ({r['what']})" for r in over)
            + "."
        )
    slow = [
        (row, most)
        for row in facts["forests"]
        for models, most in SOLVING
        if (row["models"], row["families"]) == (models, 1) and row["solve"] > most
    ]
    if slow:
        found.append(
            "Solving one family: "
            + ", ".join(f"{row['solve']:.1f} s for {row['models']} models, not {most} s" for row, most in slow)
            + "."
        )
    slow = [
        (row, most) for row in facts["scans"] for models, most in SCANS if row["models"] == models and row["run"] == 2
    ]
    slow = [(row, most) for row, most in slow if row["seconds"] > most]
    if slow:
        found.append(
            "A scan: "
            + ", ".join(f"{row['seconds']:.1f} s among {row['models']} models, not {most} s" for row, most in slow)
            + "."
        )
    scaling = facts["scaling"]
    gain = scaling["one worker, one core"] / scaling["two workers, two cores"]
    if gain < 1.85:
        found.append(
            f"1.85 x with two workers on two cores: {gain:.2f} x, where dd alone gains "
            f"{scaling['one dd, one core'] / scaling['two dd, two cores']:.2f} x. The coordinator, which checks "
            "what they send and writes it to the journal, runs on the same two cores, and a second worker takes time to "
            "start."
        )
    return found


def plot(facts, path):
    """Seconds against n, and against weights per model."""
    rows = facts["rows"]
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    by_n = sorted((r for r in rows if r["name"] in ("n2", "n8", "n20", "n50")), key=lambda r: r["n"])
    by_weights = sorted((r for r in rows if r["name"][0] == "w"), key=lambda r: r["weights"])
    for axis, part, key, label in (
        (left, by_n, "n", f"models of {by_n[0]['weights'] / 1e6:.0f} M weights"),
        (right, by_weights, "weights", f"weights per model, {by_weights[0]['n']} models"),
    ):
        for name, column, style in (
            ("published, lora", "lora", "s:"),
            ("published, ft", "ft", "s--"),
            ("one pass, numpy", "onepass", "^-"),
            ("modeltree", "seconds", "o-"),
            ("dd, warm", "dd_warm", "x:"),
        ):
            axis.plot([r[key] for r in part], [r[column] for r in part], style, label=name)
        axis.set(xscale="log", yscale="log", xlabel=label, ylabel="seconds")
        axis.grid(alpha=0.3)
    counts = [r["n"] for r in by_n]
    left.set_xticks(counts, map(str, counts))
    left.minorticks_off()
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=5)
    figure.savefig(path, metadata={"Date": None, "Creator": None})
