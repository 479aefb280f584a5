"""Runs what a systemd unit starts, below the system call filters that systemd would make of the unit.

Usage: confined.py UNIT [--instance NAME] [--environment FILE] [--credentials DIR] [--set NAME=VALUE]...
                   [--map FROM=TO]... [-- COMMAND...]

The command is that of ExecStart=, or the one behind `--`. Files named in it are mapped where they lie here.
What is applied: SystemCallFilter=, SystemCallErrorNumber=, SystemCallArchitectures=, RestrictAddressFamilies=,
MemoryDenyWriteExecute=, NoNewPrivileges=, LimitNOFILE=, UMask=. Mounts are not; User= is --user.
"""

import argparse
import ctypes
import errno
import os
import re
import resource
import shlex
import socket
import subprocess

ALLOW = 0x7FFF0000
EQUAL, MASKED_EQUAL = 4, 7
EXECUTE, WRITE = 4, 2


class Comparison(ctypes.Structure):
    _fields_ = [("arg", ctypes.c_uint), ("op", ctypes.c_int), ("a", ctypes.c_uint64), ("b", ctypes.c_uint64)]


class Filter:
    """A filter of libseccomp, which systemd uses as well."""

    library = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    library.seccomp_init.restype = ctypes.c_void_p

    def __init__(self, default):
        self.context = ctypes.c_void_p(self.library.seccomp_init(ctypes.c_uint32(default)))
        assert self.context, "libseccomp makes no filter"

    def rule(self, action, name, *comparisons):
        number = self.library.seccomp_syscall_resolve_name(name.encode())
        if number < 0:
            return False  # Not on this processor.
        array = (Comparison * len(comparisons))(*comparisons)
        code = self.library.seccomp_rule_add_array(
            self.context, ctypes.c_uint32(action), number, len(comparisons), array
        )
        assert code == 0, f"{name}: {os.strerror(-code)}"
        return True

    def load(self):
        code = self.library.seccomp_load(self.context)
        assert code == 0, f"the filter cannot be loaded: {os.strerror(-code)}"


def refused(number):
    return 0x00050000 | number


def read(path):
    """Settings of a unit, each with all its lines; an empty one forgets those before it."""
    settings = {}
    with open(path) as file:
        for line in file:
            if "=" not in line or line.startswith(("#", ";")):
                continue
            name, value = line.strip().split("=", 1)
            settings[name] = settings.get(name, []) + [value] if value else []
    return settings


def calls(name):
    """The system calls of a set, as this system's systemd knows them."""
    if not name.startswith("@"):
        return {name}
    text = subprocess.run(["systemd-analyze", "syscall-filter", name], check=True, capture_output=True, text=True)
    words = [line.strip() for line in text.stdout.splitlines()[1:]]
    return {call for word in words if word and not word.startswith("#") for call in calls(word)}


def confine(settings):
    number = getattr(errno, settings.get("SystemCallErrorNumber", ["EPERM"])[-1])
    if settings.get("NoNewPrivileges") == ["yes"]:
        assert ctypes.CDLL(None).prctl(38, 1, 0, 0, 0) == 0

    if settings.get("MemoryDenyWriteExecute") == ["yes"]:
        both = Filter(ALLOW)
        both.rule(refused(errno.EPERM), "mmap", Comparison(2, MASKED_EQUAL, EXECUTE | WRITE, EXECUTE | WRITE))
        both.rule(refused(errno.EPERM), "mprotect", Comparison(2, MASKED_EQUAL, EXECUTE, EXECUTE))
        both.rule(refused(errno.EPERM), "pkey_mprotect", Comparison(2, MASKED_EQUAL, EXECUTE, EXECUTE))
        both.load()

    families = " ".join(settings["RestrictAddressFamilies"]).split()
    allowed = {getattr(socket, name) for name in families}
    sockets = Filter(ALLOW)
    for family in set(range(max(allowed) + 64)) - allowed:
        sockets.rule(refused(errno.EAFNOSUPPORT), "socket", Comparison(0, EQUAL, family, 0))
    sockets.load()

    permitted = set()
    for line in settings["SystemCallFilter"]:
        words = set().union(*(calls(word) for word in line.removeprefix("~").split()))
        permitted = permitted - words if line.startswith("~") else permitted | words
    # What starting a program takes is never refused.
    permitted |= {"execve", "exit", "exit_group", "rt_sigreturn"}
    whitelist = Filter(refused(number))
    known = [whitelist.rule(ALLOW, call) for call in sorted(permitted)]
    assert sum(known) > 100, "the sets are empty"
    whitelist.load()


def expand(line, values):
    """ExecStart= as systemd reads it: ${NAME} within a word, $NAME as a word of its own is split."""
    words = []
    for word in shlex.split(line):
        if whole := re.fullmatch(r"\$(\w+)", word):
            words += values[whole[1]].split()
        else:
            words.append(re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], word))
    return words


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("unit")
    parser.add_argument("--instance", default="run")
    parser.add_argument("--credentials", default="/nowhere")
    parser.add_argument("--environment")
    parser.add_argument("--user", type=int)
    parser.add_argument("--set", action="append", default=[])
    parser.add_argument("--map", action="append", default=[])
    parser.add_argument("command", nargs="*")
    given = parser.parse_args()

    settings = read(given.unit)
    values = dict(word.split("=", 1) for line in settings["Environment"] for word in shlex.split(line))
    if given.environment:
        values |= {name: lines[-1] if lines else "" for name, lines in read(given.environment).items()}
    values |= dict(word.split("=", 1) for word in given.set)
    (line,) = settings["ExecStart"]
    for specifier, value in {"%i": given.instance, "%d": given.credentials}.items():
        line = line.replace(specifier, value)
    command = given.command or expand(line, values)
    for pair in given.map:
        old, new = pair.split("=", 1)
        command = [new + word.removeprefix(old) if word.startswith(old) else word for word in command]

    files = int(settings["LimitNOFILE"][-1])
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(files, most), min(files, most)))
    os.umask(int(settings["UMask"][-1], 8))
    if given.user is not None:
        os.setgroups([])
        os.setgid(given.user)
        os.setuid(given.user)
    confine(settings)
    os.execvp(command[0], command)


main()
