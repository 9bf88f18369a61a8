# SPDX-License-Identifier: Apache-2.0
"""tools/spec-lsp.py in a session as an editor has it."""
import json
import re
import subprocess

import pytest

from toolchain import CONFIG, HERE, ROOT

SPEC = """/dts-v1/;
#include "%s"
/ {
	partitions {
		a: a {
			profile = <&bare_profile>;
			memory = <MiB(2)>;
			vps = <&lp0>;
			boot = "raw64";
			payload = "guest:tiny.bin";
			load-address = <0x100000>;
			on-failure = "halt";
		};
	};
};
&a {
	nmi;
};
""" % (ROOT / HERE / "base.dtsi")


class Editor:
    def __init__(self, build, guests, uri):
        self.server = subprocess.Popen(
            ["/usr/bin/python3", str(ROOT / "tools/spec-lsp.py"), "--build",
             str(build), "--guests", str(guests)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE)
        self.uri, self.number = uri, 0

    def send(self, **message):
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.server.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data)
                                + data)
        self.server.stdin.flush()

    def receive(self):
        length = int(self.server.stdout.readline().split(b":")[1])
        assert self.server.stdout.readline() == b"\r\n"
        return json.loads(self.server.stdout.read(length))

    def ask(self, method, **params):
        self.number += 1
        self.send(id=self.number, method=method, params=params)
        answer = self.receive()
        assert answer["id"] == self.number
        return answer

    def at(self, method, text, mark):
        """At the place behind the mark."""
        before = text[:text.index(mark) + len(mark)]
        return self.ask(method, textDocument={"uri": self.uri}, position={
            "line": before.count("\n"),
            "character": len(before) - before.rfind("\n") - 1})["result"]

    def labels(self, text, mark):
        return {i["label"]: i for i in
                self.at("textDocument/completion", text, mark)}

    def write(self, text, how="didChange"):
        """The text; what is said of it."""
        document = {"uri": self.uri, "version": 1}
        if how == "didOpen":
            self.send(method=f"textDocument/{how}", params={"textDocument": {
                **document, "languageId": "dts", "text": text}})
        else:
            self.send(method=f"textDocument/{how}", params={
                "textDocument": document, "contentChanges": [{"text": text}]})
        said = self.receive()
        assert said["method"] == "textDocument/publishDiagnostics"
        assert said["params"]["uri"] == self.uri
        return said["params"]["diagnostics"]


@pytest.fixture(scope="module")
def editor(partc):
    config = partc.where / "include/generated/autoconf.h"
    config.parent.mkdir(parents=True)
    config.write_text("".join(f"#define CONFIG_{n} {v}\n"
                              for n, v in CONFIG.items()))
    spec = partc.where / "typed here.dts"
    editor = Editor(partc.where, partc.guests, spec.as_uri())
    able = editor.ask("initialize", capabilities={})["result"]["capabilities"]
    assert able["hoverProvider"] and able["completionProvider"]
    editor.send(method="initialized", params={})
    assert editor.write(SPEC, "didOpen") == []
    yield editor
    assert editor.ask("textDocument/nothing")["error"]["code"] == -32601
    assert editor.ask("shutdown")["result"] is None
    editor.send(method="exit")
    assert editor.server.wait(30) == 0


def test_completion(editor):
    editor.write(SPEC)
    found = editor.labels(SPEC, "load-address = <0x100000>;\n\t\t\t")
    assert {"memory", "vps", "on-failure", "ports", "msrs"} <= set(found)
    assert "range" not in found and "slots" not in found
    assert found["memory"]["insertText"] == "memory = <$1>;"
    assert found["nmi"]["insertText"] == "nmi;"
    assert "1 MiB to 3 GiB" in found["memory"]["documentation"]["value"]
    # In the node that a reference reopens, and at the root.
    assert "restart-max" in editor.labels(SPEC, "&a {\n\t")
    assert set(editor.labels(SPEC, "/ {\n\t")) == {
        "machine", "profiles", "partitions", "plan", "channels"}


def test_values(editor):
    typed = SPEC.replace('"halt"', '"')
    editor.write(typed)
    found = editor.labels(typed, 'on-failure = "')
    assert {n: i["insertText"] for n, i in found.items()} == \
        {n: n for n in ("halt", "restart", "panic")}
    typed = SPEC.replace("<&bare_profile>", "<&")
    editor.write(typed)
    found = editor.labels(typed, "profile = <&")
    assert {"bare_profile", "linux_profile"} <= set(found)
    assert not {"lp0", "com1", "a"} & set(found)
    assert found["bare_profile"]["insertText"] == "bare_profile"
    typed = SPEC.replace("<&lp0>", "<")
    editor.write(typed)
    found = editor.labels(typed, "vps = <")
    assert set(found) == {"lp0", "lp1", "lp2", "lp3"}
    assert found["lp0"]["insertText"] == "&lp0"


def test_hover(editor):
    editor.write(SPEC)
    text = editor.at("textDocument/hover", SPEC, "\t\ton-fail")
    assert re.search(r"\*\*on-failure\*\*: one string.*halt, restart, panic",
                     text["contents"]["value"])
    assert "triple fault" in text["contents"]["value"]
    assert editor.at("textDocument/hover", SPEC, "\tpart") is None


WRONG = {
    # partc, with a note and a fix
    "memory = <KiB(6)>;": ("memory-unit", 6, "fix: is it in MiB? MiB(6144)"),
    # partc, of the schema
    "memory = \"2\";": (None, 6, ""),
    # dtc
    "memory = <MiB(2)>": (None, 7, "syntax error"),
    # cpp
    "memory = <MiB(2, 3)>;": (None, 6, "passed 2 arguments"),
}


@pytest.mark.parametrize("line", WRONG)
def test_diagnostics(editor, line):
    code, row, text = WRONG[line]
    found = editor.write(SPEC.replace("memory = <MiB(2)>;", line))
    assert found and all(d["severity"] == 1 for d in found)
    first = found[0]
    assert first["range"]["start"]["line"] == row
    assert text in first["message"]
    assert code is None or first["code"] == code
    assert editor.write(SPEC) == []
