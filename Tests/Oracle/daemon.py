"""Runs a server for a test, for no longer than whoever started it lives.

Usage: daemon.py PROGRAM ARGUMENT...
"""

import ctypes
import os
import signal
import subprocess
import sys

PR_SET_PDEATHSIG = 1


def end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


end = {signal.SIGTERM, signal.SIGINT}
server = subprocess.Popen(sys.argv[1:], preexec_fn=end_with_parent)
for number in end:
    signal.signal(number, lambda *_: server.terminate())
parent = os.getppid()
while True:
    try:
        sys.exit(server.wait(timeout=1))
    except subprocess.TimeoutExpired:
        if os.getppid() != parent:
            server.terminate()
