#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
spec-lsp.py [--build build] [--guests build/guests]: a language server for specs,
on stdin and stdout. It completes names of nodes and properties, words and
references, explains what the pointer is on with docs/spec.md, and shows what
cpp, dtc and partc say of the text as it is typed. `make core` builds what it
needs.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import urllib.parse

import dtc_errors

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
INCLUDES = ("partition-specs", "partition-specs/include")
# Where the labels are that a property may name.
TARGETS = {"profile": "/profiles", "uart": "/machine/uarts",
           "vps": "/machine/lps", "lp": "/machine/lps",
           "slots": "/partitions", "from": "/partitions",
           "to": "/partitions"}
PLACE = re.compile(r"^(?:Error: |ERROR: )?([^:\s][^:\n]*):(\d+)[:.](\d+)"
                   r"[-0-9.]*:? (?:(fatal )?(error|warning|ERROR|Error)\b"
                   r"[^:]*:? ?)?(.*)$")
SCAN = re.compile(r'"(?:[^"\\\n]|\\.)*"?|/\*.*?(?:\*/|\Z)|//[^\n]*|'
                  r"^[ \t]*#[ \t]*(?:include|define|if\w*|undef|else|endif|"
                  r"line|pragma)\b(?:[^\n\\]|\\.|\\\n)*|[{};]|"
                  r"[^\"{};/#]+|.", re.M | re.S)


def head_of(statement):
    """(label, name) before a brace."""
    words = statement.split(":")
    return (words[0].strip() if len(words) > 1 else None), words[-1].strip()


class Scan:
    """Nodes of a text, and where a position in it is."""

    def __init__(self, text, labels=None):
        self.labels = dict(labels or {})
        self.stack, self.statement = [], ""
        self.quoted = self.silent = False
        for found in SCAN.finditer(text):
            self.take(found[0])
        self.path = self.stack[-1] if self.stack else None

    def take(self, piece):
        self.quoted = piece[0] == '"' and (len(piece) < 2 or
                                           piece[-1] != '"')
        self.silent = piece.startswith(("/*", "//")) and \
            not piece.endswith("*/")
        if piece == "{":
            label, name = head_of(self.statement)
            path = self.resolve(name)
            if label:
                self.labels[label] = path
            self.stack.append(path)
            self.statement = ""
        elif piece in "};" and len(piece) == 1:
            if piece == "}" and self.stack:
                self.stack.pop()
            self.statement = ""
        elif not piece.startswith(("/*", "//")) and \
                not piece.lstrip().startswith("#"):
            self.statement += piece

    def resolve(self, name):
        if name.startswith("&{"):
            return name[2:].rstrip("}")
        if name.startswith("&"):
            return self.labels.get(name[1:], "?")
        if name == "/" or not self.stack:
            return "" if name == "/" else "?"
        return f"{self.stack[-1]}/{name}"


class Language:
    """partc's tables and docs/spec.md's sentences."""

    def __init__(self, partc):
        said = subprocess.run([partc, "--schema"], text=True, check=True,
                              stdout=subprocess.PIPE).stdout
        self.root = json.loads(said)
        self.docs = {}          # (heading, property) -> sentence
        heading = ""
        with open(os.path.join(TOP, "docs/spec.md")) as file:
            for line in file:
                cells = [c.strip() for c in line.strip().strip("|").split(
                    " | ")]
                if line.startswith("#"):
                    heading = line.strip("# \n").replace("*", "").replace(
                        " ", "")
                elif line.startswith("|") and len(cells) > 1:
                    for name in re.findall(r"`([\w-]+)`", cells[0]):
                        self.docs.setdefault((heading, name), cells[-1])

    def node(self, path):
        """The row of the table for a path; None: not of the language."""
        node = self.root
        for name in (path or "?").split("/")[1:]:
            rows = {n["name"]: n for n in node["nodes"]}
            node = rows.get(name, rows.get("*"))
            if node is None:
                return None
        return node if path is not None and path != "?" else None

    def sentence(self, path, name):
        last = path.split("/")[1:]
        for heading in ("/" + "/".join(last[:1]) + "/name",
                        "/" + "/".join(last[:1]),
                        "/".join(last[-2:-1]) + "/name",
                        "/profiles/name"):
            if (heading, name) in self.docs:
                return self.docs[heading, name]
        return ""

    def explain(self, path, p):
        words = f" ({', '.join(p['words'])})" if p["words"] else ""
        return (f"**{p['name']}**: {p['form']}{words}"
                f"{', needed' if p['required'] else ''}\n\n"
                f"{self.sentence(path, p['name'])}").strip()


class Server:
    def __init__(self, options):
        self.partc = os.path.join(options.build, "partc")
        self.config = f"{options.build}/include/generated/autoconf.h"
        self.guests = options.guests
        self.language = Language(self.partc)
        self.texts = {}
        self.stopped = False

    def read(self):
        length = 0
        while True:
            line = sys.stdin.buffer.readline()
            if not line:
                return None
            if not line.strip():
                return json.loads(sys.stdin.buffer.read(length))
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])

    def send(self, **message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        sys.stdout.buffer.write(b"Content-Length: %d\r\n\r\n" % len(data)
                                + data)
        sys.stdout.buffer.flush()

    def included(self, text, folder, seen):
        """Labels of what a text includes."""
        labels = {}
        for name in re.findall(r'^[ \t]*#[ \t]*include[ \t]*[<"]([^>"]+)',
                               text, re.M):
            for top in (folder, *(os.path.join(TOP, i) for i in INCLUDES)):
                path = os.path.join(top, name)
                if path in seen or not os.path.isfile(path):
                    continue
                seen.add(path)
                with open(path) as file:
                    more = file.read()
                labels.update(self.included(more, os.path.dirname(path),
                                            seen))
                labels = Scan(more, labels).labels
                break
        return labels

    def at(self, params):
        """(uri, all labels, scan up to the place, the line, its column)"""
        uri = params["textDocument"]["uri"]
        text = self.texts.get(uri, "")
        place = params["position"]
        lines = text.split("\n")
        line = lines[place["line"]] if place["line"] < len(lines) else ""
        before = "\n".join(lines[:place["line"]] +
                           [line[:place["character"]]])
        labels = Scan(text, self.included(
            text, os.path.dirname(path_of(uri)), set())).labels
        return labels, Scan(before, labels), line, place["character"]

    def complete(self, params):
        labels, scan, _, _ = self.at(params)
        node = self.language.node(scan.path)
        if node is None or scan.silent:
            return []
        name, equals, value = scan.statement.partition("=")
        name = name.strip()
        if equals:
            rows = {p["name"]: p for p in node["properties"]}
            return self.values(rows.get(name), value, scan, labels)
        if scan.quoted:
            return []
        items = [{"label": p["name"], "kind": 10, "detail": p["form"],
                  "insertText": p["name"] + (
                      ";" if p["kind"] == "flag" else
                      " = \"$1\";" if p["kind"].startswith("string") else
                      " = <$1>;"), "insertTextFormat": 2,
                  "documentation": {"kind": "markdown", "value":
                                    self.language.explain(scan.path, p)}}
                 for p in node["properties"]]
        return items + [
            {"label": n["name"], "kind": 9, "insertTextFormat": 2,
             "insertText": n["name"] + " {\n\t$1\n};", "detail": "a node"}
            for n in node["nodes"] if n["name"] != "*"]

    def values(self, row, value, scan, labels):
        if row is None:
            return []
        if row["words"]:
            return [{"label": word, "kind": 12, "insertText":
                     word if scan.quoted else f'"{word}"'}
                    for word in row["words"]]
        target = TARGETS.get(row["name"])
        ampersand = "" if value.rstrip().endswith("&") else "&"
        return [{"label": label, "kind": 18, "insertText": ampersand + label,
                 "detail": path} for label, path in sorted(labels.items())
                if target and os.path.dirname(path) == target]

    def hover(self, params):
        _, scan, line, column = self.at(params)
        words = {m[0] for m in re.finditer(r"[\w#,-]+", line)
                 if m.start() <= column <= m.end()}
        node = self.language.node(scan.path) or {"properties": []}
        for p in node["properties"]:
            if p["name"] in words:
                return {"contents": {
                    "kind": "markdown",
                    "value": self.language.explain(scan.path, p)}}
        return None

    def run(self, folder, path):
        """What cpp, dtc and partc say; the first that refuses is the last."""
        b = {e: f"{folder}/b.{e}" for e in ("dts", "dtb", "ann")}
        for argv in (
                ["gcc", "-E", "-nostdinc", "-undef", "-D__DTS__", "-x",
                 "assembler-with-cpp", "-I", os.path.dirname(path),
                 *(f"-I{i}" for i in INCLUDES),
                 os.path.join(folder, "typed.dts"), "-o", b["dts"]],
                ["dtc", "-I", "dts", "-O", "dtb", "-@", "-q", "-o", b["dtb"],
                 b["dts"]],
                ["dtc", "-I", "dts", "-O", "dts", "-T", "-T", "-q", "-o",
                 b["ann"], b["dts"]],
                [self.partc, "-o", os.path.join(folder, "out"), "--dtb",
                 b["dtb"], "--map", b["ann"], "--spec", path, "-G",
                 self.guests, "-K", self.config]):
            done = subprocess.run(argv, cwd=TOP, text=True, errors="replace",
                                  stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL,
                                  stderr=subprocess.PIPE)
            if done.returncode:
                break
        if done.returncode and argv[0] == "dtc":
            return dtc_errors.explain(b["dts"], done.stderr)
        return done.stderr

    def diagnose(self, uri):
        path, text = path_of(uri), self.texts[uri]
        found = []
        if path.endswith(".dts"):
            with tempfile.TemporaryDirectory() as folder:
                with open(os.path.join(folder, "typed.dts"), "w") as file:
                    file.write(f'#line 1 "{path}"\n{text}')
                found = diagnostics(self.run(folder, path), path)
        self.send(method="textDocument/publishDiagnostics",
                  params={"uri": uri, "diagnostics": found})

    def answer(self, method, params):
        if method == "initialize":
            return {"capabilities": {
                "textDocumentSync": {"openClose": True, "change": 1,
                                     "save": True},
                "completionProvider": {"triggerCharacters": ['"', "&"]},
                "hoverProvider": True},
                "serverInfo": {"name": "bulkhead-spec"}}
        if method == "textDocument/completion":
            return self.complete(params)
        if method == "textDocument/hover":
            return self.hover(params)
        if method == "shutdown":
            self.stopped = True
            return None
        raise KeyError(method)

    def notice(self, method, params):
        if method in ("textDocument/didOpen", "textDocument/didChange"):
            document = params["textDocument"]
            self.texts[document["uri"]] = document["text"] \
                if "text" in document else params["contentChanges"][-1]["text"]
            self.diagnose(document["uri"])
        elif method == "textDocument/didClose":
            self.texts.pop(params["textDocument"]["uri"], None)

    def serve(self):
        while (message := self.read()) is not None:
            method, params = message.get("method"), message.get("params", {})
            if method == "exit":
                return 0 if self.stopped else 1
            if "id" not in message:
                self.notice(method, params)
                continue
            try:
                self.send(id=message["id"], result=self.answer(method,
                                                               params))
            except KeyError:
                self.send(id=message["id"], error={
                    "code": -32601, "message": f"{method}: not known"})
        return 1


def path_of(uri):
    return urllib.parse.unquote(urllib.parse.urlparse(uri).path)


def diagnostics(said, path):
    """Those of this file; notes and fixes go to the error before them."""
    found = []
    for line in said.split("\n"):
        place = PLACE.match(line)
        if place and not line.startswith("note:"):
            name, row, column, _, kind, text = place.groups()
            here = os.path.realpath(os.path.join(TOP, name)) == \
                os.path.realpath(path)
            # What is wrong in an included file is shown in the first line.
            start = {"line": int(row) - 1 if here else 0,
                     "character": max(int(column) - 1, 0) if here else 0}
            found.append({"range": {"start": start, "end": {
                **start, "character": start["character"] + 1}},
                "severity": 2 if kind == "warning" else 1,
                "source": "bulkhead", "message":
                text if here else f"{name}:{row}: {text}"})
            code = re.search(r"(?:error|warning)\[([\w-]+)\]", line)
            if code:
                found[-1]["code"] = code[1]
        elif found and line.startswith(("note: ", "fix: ")):
            found[-1]["message"] += "\n" + line
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=f"{TOP}/build")
    parser.add_argument("--guests", default=f"{TOP}/build/guests")
    return Server(parser.parse_args()).serve()


if __name__ == "__main__":
    sys.exit(main())
