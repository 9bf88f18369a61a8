# SPDX-License-Identifier: Apache-2.0
"""Addresses and bytes of a linked image, enough to plant faults in it."""
import struct


class Image:
    """A writable copy of an ELF64 file; addresses are the image's own."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.bytes = bytearray(file.read())
        (self.phoff, self.shoff) = struct.unpack_from("<QQ", self.bytes, 32)
        (self.phnum,) = struct.unpack_from("<H", self.bytes, 56)
        (self.shnum,) = struct.unpack_from("<H", self.bytes, 60)
        self.symbols = {}
        self.entries = {}
        self._read_symbols()

    def _section(self, index):
        return struct.unpack_from("<IIQQQQIIQQ", self.bytes,
                                  self.shoff + 64 * index)

    def _read_symbols(self):
        for index in range(self.shnum):
            (_, kind, _, _, offset, size, link, _, _, _) = \
                self._section(index)
            if kind != 2:
                continue
            strings = self._section(link)[4]
            for at in range(offset, offset + size, 24):
                (name, _, _, _, value, _) = struct.unpack_from(
                    "<IBBHQQ", self.bytes, at)
                end = self.bytes.index(0, strings + name)
                text = self.bytes[strings + name:end].decode()
                self.symbols[text] = value
                self.entries[text] = at

    def move_symbol(self, name, value):
        struct.pack_into("<Q", self.bytes,
                         self.entries[name] + 8, value)

    def segment(self, index):
        """Offset of a program header in the file."""
        return self.phoff + 56 * index

    def offset(self, address):
        for index in range(self.phnum):
            (kind, _, offset, base, _, size) = struct.unpack_from(
                "<IIQQQQ", self.bytes, self.segment(index))
            if kind == 1 and base <= address < base + size:
                return offset + address - base
        raise ValueError("0x%x is not in the file" % address)

    def address(self, symbol, add=0):
        return self.symbols[symbol] + add

    def get(self, address, form="<Q"):
        return struct.unpack_from(form, self.bytes, self.offset(address))[0]

    def put(self, address, value, form="<Q"):
        struct.pack_into(form, self.bytes, self.offset(address), value)

    def save(self, path):
        with open(path, "wb") as file:
            file.write(self.bytes)
