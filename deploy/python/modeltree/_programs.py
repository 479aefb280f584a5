"""The two programs, as they lie in this package."""

import os
import subprocess
import sys
from pathlib import Path

BIN = Path(__file__).parent / "_bin"


class Failure(RuntimeError):
    """A command of modeltree that did not end with 0: `status` is its exit code, the text is its message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def program(name: str = "modeltree") -> str:
    """The path of a program; `MODELTREE` names another build of modeltree."""
    return os.environ.get("MODELTREE", str(BIN / name)) if name == "modeltree" else str(BIN / name)


def call(*arguments: str) -> str:
    """What a command prints; what it says meanwhile is part of the message when it fails."""
    done = subprocess.run([program(), *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise Failure(done.returncode, done.stderr.strip() or f"modeltree ended with {done.returncode}")
    return done.stdout


def modeltree() -> None:
    _become("modeltree")


def worker() -> None:
    _become("modeltree-worker")


def _become(name: str) -> None:
    path = str(BIN / name)
    os.execv(path, [path, *sys.argv[1:]])
