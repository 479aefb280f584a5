"""Presses the tab key in real shells: what bash, zsh and fish offer after the beginning of a command.

    completions.py BIN RUN

BIN is the folder of the programs, RUN a finished run. Prints what each shell offers, as JSON; a shell that is not
installed is left out.
"""

import json
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

programs, run = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
folder = Path(tempfile.mkdtemp())
environment = os.environ | {"PATH": f"{programs}:{os.environ['PATH']}", "HOME": str(folder), "TERM": "dumb"}
LINES = {
    "models": f"modeltree why {run} ",
    "formats": f"modeltree tree {run} --format ",
    "paths": f"modeltree tree {run.parent}/",
    "commands": "modeltree ",
}


def script(shell):
    path = folder / {"bash": "modeltree", "zsh": "_modeltree", "fish": "modeltree.fish"}[shell]
    words = [programs / "modeltree", "--generate-completion-script", shell]
    path.write_text(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return path


def in_bash(line):
    words = line.split(" ")
    text = f"""
      source {script("bash")}
      COMP_WORDS=({" ".join(f"'{word}'" for word in words)}); COMP_CWORD={len(words) - 1}
      COMP_LINE='{line}'; COMP_POINT={len(line)}; COMP_TYPE=9
      _modeltree modeltree '{words[-1]}' '{words[-2]}'
      printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    found = subprocess.run(["bash", "-c", text], capture_output=True, text=True, env=environment)
    return [word.strip() for word in found.stdout.splitlines()]


def in_fish(line):
    text = f"source {script('fish')}; complete -C '{line}'"
    found = subprocess.run(["fish", "--no-config", "-c", text], capture_output=True, text=True, env=environment)
    return [word.split("\t")[0] for word in found.stdout.splitlines()]


def in_zsh(line):
    """Types on a terminal, since zsh completes nowhere else."""
    script("zsh")
    process, terminal = pty.fork()
    if process == 0:
        os.execvpe("zsh", ["zsh", "-f", "-i"], environment)

    def read(until, seconds=300):
        text, end = "", time.monotonic() + seconds
        while time.monotonic() < end and until not in text:
            if select.select([terminal], [], [], 0.2)[0]:
                text += os.read(terminal, 65536).decode(errors="replace")
        return text

    def type_(text):
        os.write(terminal, text.encode())

    type_(f"PS1=; fpath=({folder} $fpath); autoload -U compinit; compinit -u -D; LISTMAX=0; echo rea''dy\n")
    read("ready")
    # All that matches, listed; a mark follows, since zsh lists nothing while more is typed.
    type_("list() { zle list-choices; zle -R; print -n li''sted }; zle -N list; bindkey '^X' list\n")
    type_(f"{line}\x18")
    text = read("listed")
    type_("\x15\n")
    type_("exit\n")
    os.waitpid(process, 0)
    os.close(terminal)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text)
    return re.split(r"\s+", text)


shells = {"bash": in_bash, "zsh": in_zsh, "fish": in_fish}
print(
    json.dumps(
        {
            shell: {name: complete(line) for name, line in LINES.items()}
            for shell, complete in shells.items()
            if shutil.which(shell)
        }
    )
)
shutil.rmtree(folder)
