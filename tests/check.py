#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""
`make check`: every test, one stage after the other, and one sum at the end.

  check.py [--build DIR] [--guests DIR] all | STAGE...

What a stage says goes to BUILD/check/STAGE.log; what failed is shown. A test
that was skipped counts as a failure unless docs/limits.md names it.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as xml

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PYTHON = "/usr/bin/python3"
COMPILERS = ("gcc", "clang")
DEFCONFIGS = ("qemu", "test", "minimal", "intel")


class Result:
    def __init__(self):
        self.passed = 0
        self.failures = []      # names
        self.skips = []

    def add(self, name, good):
        if good:
            self.passed += 1
        else:
            self.failures.append(name)

    def add_all(self, other):
        self.passed += other.passed
        self.failures += other.failures
        self.skips += other.skips


class Check:
    def __init__(self, build, guests):
        self.build = os.path.abspath(build)
        self.guests = os.path.abspath(guests)
        self.logs = os.path.join(self.build, "check")
        os.makedirs(self.logs, exist_ok=True)
        self.log = None
        limits = os.path.join(TOP, "docs/limits.md")
        self.limits = open(limits).read() if os.path.exists(limits) else ""

    # -- running things ------------------------------------------------------

    def run(self, *argv, timeout=600, **environment):
        """(status, what it said); all of it is in the stage's log too."""
        self.log.write(f"$ {' '.join(argv)}\n")
        self.log.flush()
        env = {k: v for k, v in os.environ.items()
               if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL",
                            "MAKEOVERRIDES")}
        try:
            done = subprocess.run(
                argv, cwd=TOP, stdin=subprocess.DEVNULL, text=True,
                errors="replace", stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT, timeout=timeout,
                env={**env, **environment})
            status, said = done.returncode, done.stdout
        except subprocess.TimeoutExpired as late:
            said = late.stdout or b""
            said = said if isinstance(said, str) else said.decode(
                "utf-8", "replace")
            status, said = 124, said + f"\ntime limit of {timeout} s\n"
        self.log.write(said)
        self.log.write(f"= {status}\n")
        self.log.flush()
        return status, said

    def tree(self, compiler="gcc", config="test"):
        """The build directory of one compiler and configuration."""
        name = "test" if (compiler, config) == ("gcc", "test") \
            else f"test-{compiler}-{config}"
        return os.path.join(self.build, name)

    def make(self, *goals, compiler="gcc", config="test", **kwargs):
        return self.run(
            "make", "--no-print-directory", "-j2",
            f"BUILD={self.tree(compiler, config)}", f"GUESTS={self.guests}",
            f"CC={compiler}", f"CONFIG={config}_defconfig", *goals, **kwargs)

    def show(self, name, said, lines=30):
        print(f"FAIL {name}")
        for line in said.rstrip("\n").split("\n")[-lines:]:
            print(f"     {line}")
        sys.stdout.flush()

    def good(self, result, name, outcome, lines=30):
        status, said = outcome
        result.add(name, status == 0)
        if status:
            self.show(name, said, lines)
        return status == 0

    def pytest(self, result, folder, timeout=1200, workers=1,
               mark="not soak", share="loadfile"):
        folder_path = os.path.join(TOP, folder)
        # The largest first: with several workers, none is left with one.
        files = sorted(glob.glob(folder_path + "/**/test_*.py",
                                 recursive=True), key=os.path.getsize,
                       reverse=True)
        several = ["-n", str(workers), "--dist", share] \
            if workers > 1 else []
        if not files:
            result.add(f"{folder} has tests", False)
            self.show(folder, "no test_*.py there")
            return
        report = os.path.join(self.logs, folder.replace("/", "-") + ".xml")
        if os.path.exists(report):
            os.unlink(report)
        status, said = self.run(
            PYTHON, "-m", "pytest", "-q", "-ra", "-p", "no:cacheprovider",
            *several, f"--junitxml={report}", "-m", mark, *files,
            timeout=timeout,
            BULKHEAD_BUILD=self.tree(), BULKHEAD_GUESTS=self.guests)
        if not os.path.exists(report):
            result.add(folder, False)
            self.show(folder, said)
            return
        before = len(result.failures)
        for case in xml.parse(report).getroot().iter("testcase"):
            name = f"{case.get('classname')}.{case.get('name')}"
            bad = case.find("failure") if case.find("failure") is not None \
                else case.find("error")
            if bad is not None:
                result.add(name, False)
                self.show(name, bad.text or "")
            elif case.find("skipped") is not None:
                result.skips.append(name)
            else:
                result.add(name, True)
        if status not in (0, 1) or (status and
                                    len(result.failures) == before):
            result.add(f"{folder} ran to its end", False)
            self.show(folder, said)

    # -- stages --------------------------------------------------------------

    def stage_lint(self, result):
        """the source text and Kconfig"""
        self.lint_run(result, "tests/lint/source.py")
        self.good(result, "kconfig lint",
                  self.run(PYTHON, "tools/kconf.py", "lint"))
        self.kconfig_refusals(result)

    def lint_run(self, result, *argv):
        status, said = self.run(PYTHON, *argv)
        ok = re.findall(r"^ok    (.*)", said, re.M)
        bad = re.findall(r"^FAIL  (.*)", said, re.M)
        result.passed += len(ok)
        result.failures += bad
        if bad:
            print("".join(line + "\n" for line in said.split("\n")
                          if line and not line.startswith("ok")), end="")
        if status and not bad:
            result.add(argv[0], False)
            self.show(argv[0], said)

    def kconfig_refusals(self, result):
        """What kconfig-conf would let pass must not pass."""
        wrong = {"CONFIG_NO_SUCH_SYMBOL=y": "no Kconfig file has",
                 "CONFIG_LOG_RING_KIB=2": "out of range",
                 "CONFIG_CONSOLE_COM_PORT=0x3f8": "dependencies",
                 "CONFIG_SVM=perhaps": "invalid"}
        for line, wanted in wrong.items():
            path = os.path.join(self.logs, "wrong_defconfig")
            with open(path, "w") as file:
                file.write(line + "\n")
            folder = os.path.join(self.logs, "wrong")
            status, said = self.run(
                PYTHON, "tools/kconf.py", "defconfig", path,
                KCONFIG_CONFIG=os.path.join(folder, ".config"))
            result.add(f"kconfig refuses {line}",
                       status != 0 and wanted in said)
            if status == 0 or wanted not in said:
                self.show(f"kconfig refuses {line}", said)

    def stage_build(self, result):
        """every configuration with both compilers"""
        for compiler in COMPILERS:
            for config in DEFCONFIGS:
                self.good(result, f"{compiler} builds {config}_defconfig",
                          self.make("core", compiler=compiler,
                                    config=config))
            self.good(result, f"{compiler} builds the capture image",
                      self.make("board-image", compiler=compiler))
        # With RSA, as the tests have it, and without.
        for compiler, config in (("clang", "test"), ("gcc", "intel")):
            self.good(result, f"{compiler} builds the launch partition of "
                      f"{config}_defconfig",
                      self.make("launch", compiler=compiler, config=config))

    def stage_unit(self, result):
        """the unit tests, with sanitizers"""
        tests = sorted(glob.glob(os.path.join(TOP, "tests/unit/test_*.c")))
        built, said = self.make("-k", "unit-binaries", timeout=900)
        for test in tests:
            name = os.path.basename(test)[:-2]
            program = os.path.join(self.tree(), "unit", name)
            # Only to say which one is to blame.
            status, said = self.make(program, timeout=120) if built \
                else (0, said)
            if status:
                result.add(f"{name} builds", False)
                self.show(f"{name} builds", said)
                continue
            self.cmocka(result, name, program)

    def cmocka(self, result, name, program):
        status, said = self.run(program, timeout=120)
        ok = re.findall(r"^\[       OK \] (\S+)", said, re.M)
        bad = sorted(set(re.findall(r"^\[  FAILED  \] (?:\w+: )?"
                                    r"([A-Za-z_]\w*)", said, re.M)))
        skipped = re.findall(r"^\[  SKIPPED \] ([A-Za-z_]\w*)", said, re.M)
        result.passed += len(ok)
        result.skips += [f"{name}.{s}" for s in sorted(set(skipped))]
        if status and not bad:
            bad = ["ended badly"]
        if not ok and not bad:
            bad = ["ran no test"]
        for one in bad:
            result.add(f"{name}.{one}", False)
        if bad:
            self.show(name, said)

    # The same bytes in every run, about ten seconds of each; the longest input.
    FUZZ = {"fuzz_insn": (1000000, 17), "fuzz_spec": (4000, 4096),
            "fuzz_manifest": (500000, 96), "fuzz_tpm": (100000, 700)}

    def stage_fuzz(self, result):
        """made-up bytes, with sanitizers, the same in every run"""
        tests = sorted(glob.glob(os.path.join(TOP, "tests/fuzz/fuzz_*.c")))
        result.add("there are fuzz tests", bool(tests))
        for test in tests:
            name = os.path.basename(test)[:-2]
            program = os.path.join(self.tree(), "fuzz", name)
            if self.good(result, f"{name} builds",
                         self.make(program, timeout=300)):
                runs = self.FUZZ[name][0]
                self.fuzz(result, f"{name} -runs={runs}", program, runs,
                          "-seed=1", f"-runs={runs}")
        self.good(result, "changed texts of specs",
                  self.run(PYTHON, "tests/fuzz/texts.py",
                           os.path.join(self.tree(), "partc"),
                           "--count", "150", timeout=300))

    def fuzz(self, result, name, program, least, *arguments):
        """What breaks it is left in the logs' directory."""
        target = os.path.basename(program)
        inputs = []
        if target == "fuzz_spec":
            # What is found goes to the first; the others are only read.
            inputs = [os.path.join(self.logs, f"{target}-{kind}")
                      for kind in ("found", "seeds")]
            shutil.rmtree(inputs[0], ignore_errors=True)
            os.makedirs(inputs[0])
            self.good(result, f"seeds of {target}", self.run(
                PYTHON, "tests/fuzz/seeds.py", inputs[1]))
            inputs.append("tests/fuzz/corpus")
        status, said = self.run(
            program, f"-max_len={self.FUZZ[target][1]}",
            "-print_final_stats=1", "-timeout=30",
            f"-artifact_prefix={self.logs}/{target}-", *arguments, *inputs,
            timeout=3600)
        ran = re.search(r"number_of_executed_units: *(\d+)", said)
        good = status == 0 and ran and int(ran[1]) >= least
        self.good(result, name, (0 if good else 1, said))

    def stage_compiler(self, result):
        """partc: specs that must build, specs that must be refused"""
        self.good(result, "core builds", self.make("core"))
        self.pytest(result, "tests/compiler", workers=2)

    def stage_verify(self, result):
        """the verifier: images broken on purpose must be refused"""
        self.good(result, "core builds", self.make("core"))
        self.good(result, "launch partition builds", self.make("launch"))
        # The long ones are all in one file.
        self.pytest(result, "tests/verify", workers=2, share="load")

    def specs(self):
        return sorted(glob.glob(os.path.join(TOP, "partition-specs/*.dts"))
                      + glob.glob(os.path.join(TOP, "tests/emu/specs/*.dts")))

    def stage_image(self, result):
        """every spec becomes a verified image; the same bytes twice"""
        for spec in self.specs():
            name = os.path.relpath(spec, TOP)
            # image makes the ISO too; the verifier runs before that.
            self.good(result, f"image of {name}",
                      self.make("image", f"SPEC={name}"))
        demo = "partition-specs/demo.dts"
        again = os.path.join(self.logs, "again")
        self.make("image", f"SPEC={demo}", f"O={again}")
        first = os.path.join(self.tree(), "images/demo")
        self.good(result, "bulkhead.spdx.json of the demo", self.run(
            PYTHON, "tests/compiler/spdx.py", first, self.tree(), self.guests,
            demo))
        for name in ("bulkhead.elf", "bulkhead.iso", "bulkhead.spdx.json",
                     "report.txt"):
            pair = [os.path.join(d, name) for d in (first, again)]
            result.add(f"{name}: the same bytes twice",
                       self.run("cmp", *pair)[0] == 0)

    def stage_objects(self, result):
        """lint of objects and of linked images"""
        for compiler, config in (("gcc", "test"), ("clang", "test"),
                                 ("gcc", "minimal"), ("gcc", "intel"),
                                 ("gcc", "qemu")):
            spec = "partition-specs/demo.dts" if config != "minimal" \
                else "tests/emu/specs/plain.dts"
            tree = self.tree(compiler, config)
            out = os.path.join(tree, "images",
                               os.path.basename(spec)[:-len(".dts")])
            if self.good(result, f"{compiler} {config}: image",
                         self.make("image", f"SPEC={spec}",
                                   compiler=compiler, config=config)):
                self.lint_run(result, "tests/lint/image.py", tree, out)

    def stage_emu(self, result):
        """whole images in the emulator"""
        self.good(result, "core builds", self.make("core"))
        self.pytest(result, "tests/emu", timeout=3000, workers=2)

    def stage_bench(self, result):
        """measured against the budgets (WRITE=1: into docs/numbers.md)"""
        arguments = ["--write"] if os.environ.get("BULKHEAD_WRITE") else []
        status, said = self.run(PYTHON, "tests/bench/bench.py", self.tree(),
                                self.guests, *arguments, timeout=1200)
        print(said, end="")
        sums = re.search(r"^bench: (\d+) passed, (\d+) failed", said, re.M)
        if not sums:
            result.add("bench ran to its end", False)
            return
        result.passed += int(sums[1])
        result.failures += re.findall(r"^  (.*?)  +[\d,]+ .*OVER$", said,
                                      re.M)
        if status and not result.failures:
            result.add("bench", False)

    def stage_soak(self, result):
        """slow emulators; for SOAK_MINUTES (30): fuzz, boots, restarts"""
        self.good(result, "core builds", self.make("core"))
        self.pytest(result, "tests/emu", timeout=7200, mark="soak")
        seconds = float(os.environ.get("SOAK_MINUTES", "30")) * 60
        self.good(result, "fuzz tests build", self.make("fuzz-binaries"))
        tests = [os.path.join(self.tree(), "fuzz", name)
                 for name in sorted(self.FUZZ)]
        result.add("there are fuzz tests", bool(tests))
        for test in tests:
            # Another seed each time; libFuzzer says which.
            self.fuzz(result, os.path.basename(test), test, 10000,
                      f"-max_total_time={seconds / 4 / len(tests):.0f}")
        self.good(result, "changed texts of specs", self.run(
            PYTHON, "tests/fuzz/texts.py", os.path.join(self.tree(), "partc"),
            "--seed", str(int(time.time())), "--seconds",
            f"{seconds / 8:.0f}", timeout=seconds))
        self.good(result, "changed specs that are accepted boot", self.run(
            "env", f"BULKHEAD_BUILD={self.tree()}",
            f"BULKHEAD_GUESTS={self.guests}", PYTHON, "tests/fuzz/boots.py",
            "--seed", str(int(time.time())), "--seconds",
            f"{seconds / 8:.0f}", timeout=seconds + 900))
        if not self.good(result, "image of the demo", self.make(
                "image", "SPEC=partition-specs/demo.dts")):
            return
        status, said = self.run(
            PYTHON, "tests/soak/soak.py",
            os.path.join(self.tree(), "images/demo"), f"{seconds / 2}",
            timeout=seconds + 900)
        print("".join(f"     {line}\n" for line in said.split("\n")
                      if line.startswith("soak: ")), end="")
        sums = re.search(r"^soak: (\d+) passed, (\d+) failed", said, re.M)
        if sums:
            result.passed += int(sums[1])
        if status or not sums:
            result.add("boots and restarts", False)
            self.show("soak", said)

    ALL = ("lint", "build", "unit", "fuzz", "compiler", "verify", "image",
           "objects", "emu")

    def run_stage(self, name):
        stage = getattr(self, f"stage_{name}")
        result = Result()
        began = time.monotonic()
        print(f"==== {name}: {stage.__doc__}", flush=True)
        with open(os.path.join(self.logs, f"{name}.log"), "w") as self.log:
            try:
                stage(result)
            except Exception as error:  # a broken stage is a failed test
                result.add(f"{name}: {type(error).__name__}: {error}", False)
                self.show(name, str(error))
        print(f"     {result.passed} passed, {len(result.failures)} failed, "
              f"{len(result.skips)} skipped in "
              f"{time.monotonic() - began:.0f} s", flush=True)
        return result


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default="build")
    parser.add_argument("--guests", default="build/guests")
    parser.add_argument("stage", nargs="+")
    options = parser.parse_args()
    check = Check(options.build, options.guests)
    stages = Check.ALL if options.stage == ["all"] else options.stage
    total = Result()
    for name in stages:
        total.add_all(check.run_stage(name))
    for name in list(total.skips):
        if name.rsplit(".", 1)[-1] not in check.limits:
            total.failures.append(f"{name} (skipped, and docs/limits.md "
                                  f"does not say why)")
    if total.failures:
        print("Failed:")
        for name in total.failures:
            print(f"  {name}")
    skipped = f", {len(total.skips)} skipped" if total.skips else ""
    print(f"{total.passed} passed, {len(total.failures)} failed{skipped}")
    return 1 if total.failures else 0


if __name__ == "__main__":
    sys.exit(main())
