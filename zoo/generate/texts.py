"""Text to train on, from files of a Debian system and a Python installation; one domain per source."""

import gzip
import subprocess
import sysconfig
from pathlib import Path

import numpy as np

MOST_BYTES = 1_200_000
FEWEST_BYTES = 60_000
HELD_OUT = 0.06

# domain -> (Debian package, part of the wanted paths)
PACKAGES = {
    "headers": ("libc6-dev", ".h"),
    "licences": ("base-files", "/common-licenses/"),
    "calls": ("manpages-dev", "/man3/"),
    "kernel": ("manpages-dev", "/man2/"),
    "vim": ("vim-runtime", "/doc/"),
    "vimscript": ("vim-runtime", "/syntax/"),
    "german": ("manpages-de", "/de/man"),
    "perl": ("perl-doc", ".pod"),
    "jargon": ("jargon-text", "jargon"),
    "spanish": ("fortunes-es", "fortunes/"),
    "italian": ("fortunes-it", "fortunes/it/"),
    "polish": ("fortunes-pl", "fortunes/pl/"),
}
# Parts of Python's standard library; `*` is its top level.
LIBRARY = {
    "python": "*",
    "asyncio": "asyncio",
    "unittests": "test",
    "encodings": "encodings",
    "idle": "idlelib",
    "packaging": "ensurepip/../distutils",
    "parsing": "lib2to3",
    "email": "email",
}
UNWANTED = (".dat", ".u8", "/off/", "-o/", ".png", "/tags")


def files_of(package: str, part: str) -> list[Path]:
    found = subprocess.run(["dpkg", "-L", package], capture_output=True, text=True)
    names = found.stdout.splitlines() if found.returncode == 0 else []
    wanted = [Path(n) for n in names if part in n and not any(u in n for u in UNWANTED)]
    return sorted(p for p in wanted if p.is_file() and not p.is_symlink())


def library_files(part: str) -> list[Path]:
    top = Path(sysconfig.get_paths()["stdlib"])
    return sorted(top.glob("*.py") if part == "*" else (top / part).rglob("*.py"))


def joined(files: list[Path]) -> bytes:
    pieces, size = [], 0
    for path in files:
        if size >= MOST_BYTES:
            break
        raw = path.read_bytes()
        raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        pieces.append(raw)
        size += len(raw)
    return b"\n".join(pieces)[:MOST_BYTES]


class Corpus:
    """Bytes of each domain of which this system has enough, split into training and held-out text."""

    def __init__(self):
        texts = {d: joined(files_of(*source)) for d, source in PACKAGES.items()}
        texts |= {d: joined(library_files(part)) for d, part in LIBRARY.items()}
        self.parts = {}
        for domain, text in sorted(texts.items()):
            if len(text) < FEWEST_BYTES:
                continue
            values = np.frombuffer(text, dtype=np.uint8)
            cut = int(len(values) * (1 - HELD_OUT))
            self.parts[domain] = (values[:cut], values[cut:])

    @property
    def domains(self) -> list[str]:
        return list(self.parts)

    def windows(self, domains, rng, rows: int, length: int, held_out=False) -> np.ndarray:
        """rows x length bytes; the domain of each row is drawn uniformly."""
        out = np.empty((rows, length), dtype=np.int64)
        for row in range(rows):
            text = self.parts[domains[rng.integers(len(domains))]][held_out]
            start = rng.integers(len(text) - length)
            out[row] = text[start : start + length]
        return out

    def record(self) -> dict:
        return {d: {"bytes": sum(len(p) for p in parts)} for d, parts in self.parts.items()}
