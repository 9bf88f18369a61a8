#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
The screen behind `make run`: every partition in one terminal, each line
prefixed by its partition, and the keyboard on one partition's UART.

At a terminal, keys go to the partition at once and its unfinished line (a
prompt, what is being typed) stays at the bottom while the others print above
it. From a pipe, lines are sent as they come; at its end the machine runs on.

BULKHEAD_UNTIL and --timeout end it as they end `make boot`.
"""
import argparse
import os
import select
import shlex
import shutil
import signal
import sys
import termios
import time
import tty

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from boot import IDLE_S, Until, is_refusal  # noqa: E402
from bochs import machine as choose  # noqa: E402
from emulator import EmulatorError, LineModel, clean  # noqa: E402

COLOURS = (36, 33, 35, 32, 34)
LEAVE = b"\x1d"         # Ctrl-]
COMMAND = b"\x01"       # Ctrl-A, then x (leave), n (next), a (itself)
NEXT = ("-- left. Change the spec and type the same again; make boot runs it "
        "without a screen, make help lists the rest")


class Screen:
    def __init__(self, until, interactive):
        self.until = until
        self.interactive = interactive
        self.machine = None
        self.focus = None
        self.models = {}
        self.colours = {}
        self.shown = None       # the unfinished line on the terminal
        self.seen = False
        self.refused = False

    def prefix(self, source):
        if not self.interactive:
            return f"[{source}] "
        colour = self.colours.setdefault(
            source, COLOURS[len(self.colours) % len(COLOURS)])
        return f"\x1b[{colour}m[{source}]\x1b[m "

    def write(self, text):
        sys.stdout.write(text)

    def hide(self):
        if self.shown:
            self.write("\r\x1b[K")
            self.shown = None

    def show(self):
        """The unfinished line of the partition that has the keyboard."""
        if self.interactive and self.focus:
            model = self.models.get(self.focus)
            if model and model.cells:
                width = shutil.get_terminal_size().columns
                room = max(10, width - len(self.focus) - 4)
                line = self.prefix(self.focus) + model.text()[-room:]
                behind = len(model.cells) - model.cursor
                if behind > 0:
                    line += f"\x1b[{behind}D"
                if line != self.shown:
                    self.hide()
                    self.write(line)
                    self.shown = line
        sys.stdout.flush()

    def line(self, source, text):
        if self.seen:
            return
        self.hide()
        self.write(self.prefix(source) + text
                   + ("\r\n" if self.interactive else "\n"))
        self.seen = self.until.matches(source, text)
        self.refused |= is_refusal(source, text)

    def bytes(self, source, data):
        self.models.setdefault(source, LineModel()).feed(data)

    def note(self, text):
        self.hide()
        self.write(text + ("\r\n" if self.interactive else "\n"))
        sys.stdout.flush()

    def next_focus(self):
        names = list(self.machine.streams)
        if names:
            at = names.index(self.focus) if self.focus in names else -1
            self.focus = names[(at + 1) % len(names)]
            self.note(f"-- the keyboard is {self.focus}'s")


class Keyboard:
    def __init__(self, screen, interactive):
        self.screen = screen
        self.interactive = interactive
        self.command = False
        self.fd = sys.stdin.fileno()
        self.open = True

    def poll(self):
        """True to leave."""
        if not self.open or not select.select([self.fd], [], [], 0)[0]:
            return False
        data = os.read(self.fd, 4096)
        if not data:
            self.open = False
            return False
        if not self.interactive:
            self.send(data)
            return False
        for byte in (data[i:i + 1] for i in range(len(data))):
            if self.command:
                self.command = False
                if byte in (b"x", b"X"):
                    return True
                if byte in (b"n", b"N"):
                    self.screen.next_focus()
                    continue
                if byte != COMMAND:
                    continue
            elif byte == COMMAND:
                self.command = True
                continue
            elif byte == LEAVE:
                return True
            self.send(byte)
        return False

    def send(self, data):
        if self.screen.focus:
            self.screen.machine.send(data, self.screen.focus)


def look_at_prompts(screen, machine):
    """A line without an end may be what the run is to end with."""
    now = time.monotonic()
    for stream in machine.all_streams():
        if stream.rest and now - stream.touched > IDLE_S and \
                screen.until.matches(stream.name, clean(stream.partial())):
            machine.add_line(stream.name, stream.take_partial())


def loop(screen, keyboard, machine, timeout):
    started = time.monotonic()
    while machine.pump(0.1, also=keyboard.fd if keyboard.open else None):
        if keyboard.poll():
            screen.note(NEXT)
            return 0
        screen.show()
        look_at_prompts(screen, machine)
        if screen.seen:
            return 0
        if screen.refused:
            screen.note("-- Bulkhead refuses this machine; the line above "
                        "says why")
            return 1
        if 0 < timeout < time.monotonic() - started:
            screen.note(f"-- the time limit of {timeout:g} s")
            return 1
    screen.note(f"-- the emulator ended (status {machine.process.wait()})")
    return 0 if screen.seen else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory")
    parser.add_argument("--timeout", type=float, default=0)
    parser.add_argument("--firmware")
    parser.add_argument("--medium", default="cd")
    parser.add_argument("--emu", default="qemu")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(1))
    interactive = sys.stdin.isatty() and sys.stdout.isatty()
    screen = Screen(Until(os.environ.get("BULKHEAD_UNTIL", "")), interactive)
    saved = termios.tcgetattr(sys.stdin) if interactive else None
    keyboard = Keyboard(screen, interactive)
    try:
        with choose(options.directory, emulator=options.emu,
                    firmware=options.firmware, medium=options.medium,
                    emu_args=shlex.split(
                        os.environ.get("BULKHEAD_EMU_ARGS", "")),
                    on_line=screen.line, on_bytes=screen.bytes) as machine:
            screen.machine = machine
            screen.focus = next(iter(machine.streams), None)
            if saved:
                tty.setraw(sys.stdin)
            if interactive:
                whose = f"the keyboard is {screen.focus}'s" if screen.focus \
                    else "no partition has a UART to type to"
                screen.note(f"-- {whose}; Ctrl-] (or Ctrl-A x) leaves"
                            + (", Ctrl-A n goes to the next partition"
                               if len(machine.streams) > 1 else ""))
            return loop(screen, keyboard, machine, options.timeout)
    except (EmulatorError, OSError) as error:
        print(f"run: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if saved:
            screen.hide()
            sys.stdout.flush()
            termios.tcsetattr(sys.stdin, termios.TCSADRAIN, saved)


if __name__ == "__main__":
    sys.exit(main())
