# SPDX-License-Identifier: Apache-2.0
"""
What a spec grants to a partition, read from the image's b.dtb by a reader of
its own, to compare with what a guest found.
"""
import os
import struct

BEGIN, END, PROPERTY, NOP, FINISH = 1, 2, 3, 4, 9


class Node:
    def __init__(self, name):
        self.name = name
        self.properties = {}
        self.children = {}

    def cells(self, name):
        data = self.properties[name]
        return list(struct.unpack(f">{len(data) // 4}I", data))

    def string(self, name, otherwise=None):
        data = self.properties.get(name)
        return data.rstrip(b"\0").decode() if data else otherwise

    def strings(self, name):
        data = self.properties.get(name, b"")
        return [s.decode() for s in data.split(b"\0") if s]

    def walk(self):
        yield self
        for child in self.children.values():
            yield from child.walk()


def read_tree(path):
    with open(path, "rb") as file:
        blob = file.read()
    _, _, at, strings = struct.unpack_from(">4I", blob)
    stack = []
    while True:
        token, = struct.unpack_from(">I", blob, at)
        at += 4
        if token == BEGIN:
            end = blob.index(b"\0", at)
            node = Node(blob[at:end].decode())
            at = (end + 4) & ~3
            if stack:
                stack[-1].children[node.name] = node
            stack.append(node)
        elif token == END:
            node = stack.pop()
            if not stack:
                return node
        elif token == PROPERTY:
            size, name = struct.unpack_from(">2I", blob, at)
            end = blob.index(b"\0", strings + name)
            stack[-1].properties[blob[strings + name:end].decode()] = \
                blob[at + 8:at + 8 + size]
            at = (at + 8 + size + 3) & ~3
        elif token == FINISH:
            raise ValueError("no root")


class Partition:
    """A partition with its profile's rows, its own replacing those."""

    def __init__(self, tree, name):
        self.node = tree.children["partitions"].children[name]
        handle = self.node.cells("profile")[0]
        self.profile = next(
            n for n in tree.walk()
            if "phandle" in n.properties and n.cells("phandle")[0] == handle)

    def rows(self, kind):
        merged = {}
        for node in (self.profile, self.node):
            if kind in node.children:
                merged.update(node.children[kind].children)
        return list(merged.values())

    def memory(self):
        high, low = self.node.cells("memory")
        return high << 32 | low

    def tlfs(self):
        node = self.node if "tlfs" in self.node.properties else self.profile
        return node.strings("tlfs")


def partition(directory, name):
    return Partition(read_tree(os.path.join(directory, "b.dtb")), name)
