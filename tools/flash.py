#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
flash.py DEV IMAGE: writes an image (an ISO, or a disk with two slots) to a
whole disk. It asks first, refuses a disk that is in use or too small, reads
back what it wrote and says what to do next.
"""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from media import MIB, MediaError, Target  # noqa: E402

NEXT = """\
The medium is ready. Next:
  1. Take it to the box. In the firmware's setup switch on virtualization
     (SVM), and choose this medium to boot from, by BIOS or by UEFI (with
     secure boot off).
  2. GRUB speaks on the screen, and on the first serial port (115200 8N1)
     unless a partition owns that.
  3. docs/install.md says more: what one sees, boxes without a serial port,
     updates and the way back."""


def mebibytes(size):
    return f"{-(-size // MIB):,} MiB"


def ask(path):
    """Only the disk's own name is a yes."""
    name = os.path.basename(path)
    print(f"Type {name} to go on, anything else to stop: ", end="",
          flush=True)
    try:
        answer = input()
    except EOFError:
        answer = ""
    if answer.strip() not in (name, path):
        raise MediaError("stopped: nothing was written")


def flash(path, image):
    size = os.path.getsize(image)
    with Target(path, may_be_file=False) as target:
        if target.size < size:
            raise MediaError(f"{path} has {mebibytes(target.size)}; the "
                             f"image needs {mebibytes(size)}")
        print(f"{path}: {target.model}, {mebibytes(target.size)}\n"
              f"ALL THAT IS ON IT WILL BE LOST. It gets {image} "
              f"({mebibytes(size)}).")
        ask(path)
        print("Writing, then reading back ...", flush=True)
        target.copy(0, image)
    print("What was written reads back the same.")
    print(NEXT)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("disk")
    parser.add_argument("image")
    options = parser.parse_args()
    try:
        flash(options.disk, options.image)
    except (MediaError, OSError) as error:
        print(f"flash: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nflash: stopped", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
