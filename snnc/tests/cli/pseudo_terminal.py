"""Runs a command in a pseudoterminal, and copies what it prints to standard output.

Arguments: the actions, separated by commas, then the command. The first action is the width. Further ones follow half a
second after each other, once the progress of training is on the screen: `interrupt` types Ctrl-C, `resize=N` sets
another width and marks the place in the output with an operating system command.
"""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

actions, command = sys.argv[1].split(","), sys.argv[2:]


def set_width(terminal, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))


def keep_output(terminal):
    """Ctrl-C discards output that nobody has read yet, such as the second half of a drawing, unless NOFLSH is set."""
    modes = termios.tcgetattr(terminal)
    modes[3] |= termios.NOFLSH
    termios.tcsetattr(terminal, termios.TCSANOW, modes)


child, terminal = pty.fork()
if child == 0:
    set_width(0, int(actions[0]))
    keep_output(0)
    os.environ["TERM"] = "xterm-256color"
    # A parent in the background ignores it, and so would the command.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.execv(command[0], command)

del actions[0]
seen, due = b"", None
while True:
    readable, _, _ = select.select([terminal], [], [], 0.05)
    if readable:
        try:
            output = os.read(terminal, 65536)
        except OSError:  # The child has closed its end.
            break
        if not output:
            break
        os.write(1, output)
        seen += output
    if due is None and b"gradient" in seen:
        due = time.monotonic() + 0.5
    if actions and due is not None and time.monotonic() >= due:
        action, due = actions.pop(0), time.monotonic() + 0.5
        if action == "interrupt":
            os.write(terminal, b"\x03")
        else:
            columns = int(action.removeprefix("resize="))
            os.write(1, b"\x1b]%d\x07" % columns)
            set_width(terminal, columns)
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
