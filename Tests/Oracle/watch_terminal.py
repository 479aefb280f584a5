"""Runs a command on a terminal of its own and interrupts it; prints what it showed and how it ended as JSON.

  watch_terminal.py SEEN COMMAND...

Ctrl-C comes as soon as SEEN has been shown twice.
"""

import json
import os
import pty
import select
import struct
import sys
import termios
import time
from fcntl import ioctl

seen, command = sys.argv[1], sys.argv[2:]
process, terminal = pty.fork()
if process == 0:
    os.environ["TERM"] = "xterm"
    os.execv(command[0], command)
ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
shown, interrupted = b"", False
# Ends a hang.
deadline = time.monotonic() + 300
while time.monotonic() < deadline:
    if not select.select([terminal], [], [], 1)[0]:
        continue
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
    if not interrupted and shown.count(seen.encode()) >= 2:
        interrupted = True
        os.write(terminal, b"\x03")
else:
    os.kill(process, 9)
_, status = os.waitpid(process, 0)
print(
    json.dumps(
        {
            "shown": shown.decode(errors="replace"),
            "interrupted": interrupted,
            "status": os.waitstatus_to_exitcode(status),
        }
    )
)
