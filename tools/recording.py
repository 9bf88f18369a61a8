#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
recording.py record CAST -- COMMAND...   runs `make run` in a terminal of its
                                         own, types to it, keeps what it shows
recording.py picture CAST SVG            its last screen

CAST is asciinema's format, version 2: `asciinema play docs/demo.cast` shows it
again. `make recording` makes both anew; the picture depends on the cast alone.
"""
import html
import json
import re
import sys
import time

WIDTH, HEIGHT = 112, 30
PAUSE_MAX_S = 2         # what takes longer is shown as if it took so long
KEY_S = 0.08

# What is waited for, one after the other, and what is typed then.
SCRIPT = [
    (["Ready: a shell", "root # "], "nproc\r"),
    ([r"\[m 2\r", "root # "], "reboot -f\r"),
    ([r"started \(start 2\)", "Ready: a shell", "root # "], "nproc\r"),
    ([r"\[m 2\r", "root # "], "dmesg | grep Hypervisor\r"),
    (["Microsoft Hyper-V", "root # ", r"\[loop\]", "root # "], "\x1d"),
]

# ---- record ----------------------------------------------------------------


class Cast:
    """A file for pexpect to write to: each piece with its time."""

    def __init__(self):
        self.events = []
        self.last = time.monotonic()
        self.at = 0.0

    def write(self, text):
        now = time.monotonic()
        self.at += min(now - self.last, PAUSE_MAX_S)
        self.last = now
        self.events.append([round(self.at, 3), "o", text])

    def flush(self):
        pass

    def save(self, path, command):
        with open(path, "w") as file:
            header = {"version": 2, "width": WIDTH, "height": HEIGHT,
                      "title": command}
            for row in [header] + self.events:
                file.write(json.dumps(row) + "\n")


def record(path, argv):
    import pexpect
    cast = Cast()
    command = "make run"
    cast.write(f"$ {command}\r\n")
    child = pexpect.spawn(argv[0], argv[1:], dimensions=(HEIGHT, WIDTH),
                          encoding="utf-8", codec_errors="replace",
                          timeout=300)
    child.logfile_read = cast
    for wanted, keys in SCRIPT:
        for pattern in wanted:
            child.expect(pattern)
        for key in keys:
            child.expect(pexpect.TIMEOUT, timeout=KEY_S)
            child.send(key)
    child.expect(pexpect.EOF)
    child.close()
    cast.save(path, command)
    return child.exitstatus


# ---- picture ---------------------------------------------------------------

CELL_W, CELL_H, EDGE = 8.4, 18, 14
PAPER, INK = "#1c1f26", "#d5d8de"
INKS = {"black": "#5c6370", "red": "#e06c75", "green": "#98c379",
        "brown": "#e5c07b", "blue": "#61afef", "magenta": "#c678dd",
        "cyan": "#56b6c2", "white": "#d5d8de"}


def runs(row, columns):
    """Neighbours of one colour: (column, text, colour)."""
    at = 0
    while at < columns:
        end = at
        while end < columns and row[end].fg == row[at].fg:
            end += 1
        text = "".join(row[column].data for column in range(at, end))
        if text.strip():
            yield at, text.rstrip(), INKS.get(row[at].fg, INK)
        at = end


def picture(cast, svg):
    import pyte
    with open(cast) as file:
        header, *events = [json.loads(line) for line in file]
    screen = pyte.Screen(header["width"], header["height"])
    stream = pyte.Stream(screen)
    for _, kind, text in events:
        if kind == "o":
            stream.feed(text)
    width = header["width"] * CELL_W + 2 * EDGE
    height = header["height"] * CELL_H + 2 * EDGE
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" '
           f'height="{height:g}" viewBox="0 0 {width:g} {height:g}">',
           f'<title>{html.escape(header["title"])}</title>',
           f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>',
           '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" '
           'font-size="14" xml:space="preserve">']
    for line in range(header["height"]):
        y = EDGE + line * CELL_H + 13
        for column, text, ink in runs(screen.buffer[line], header["width"]):
            text = re.sub(r"^ +", "", text)
            shift = column + len(screen.display[line][column:]) - len(
                screen.display[line][column:].lstrip())
            out.append(f'<text x="{EDGE + shift * CELL_W:.1f}" y="{y}" '
                       f'textLength="{len(text) * CELL_W:.1f}" '
                       f'fill="{ink}">{html.escape(text)}</text>')
    out += ["</g>", "</svg>"]
    with open(svg, "w") as file:
        file.write("\n".join(out) + "\n")
    return 0


def main():
    if sys.argv[1:2] == ["record"] and sys.argv[3:4] == ["--"]:
        return record(sys.argv[2], sys.argv[4:])
    if sys.argv[1:2] == ["picture"] and len(sys.argv) == 4:
        return picture(sys.argv[2], sys.argv[3])
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
