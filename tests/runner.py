"""How `run.py test` runs: a process per tier, two at a time, totals. Standard library only."""

from __future__ import annotations

import concurrent.futures
import os
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
LOGS = ROOT / ".test-logs"
BLENDER_LINES = ("4.5", "4.2", "5.0", "5.2")  # the main line first
MAX_TIER_S = 40 * 60  # a hang ends as a failure before the whole run's time is up


@dataclass(frozen=True)
class Tier:
    """One process of tests; each Blender line has its own: a crash takes pytest with it."""

    name: str
    environment: str
    folder: str = ""  # of pytest; empty for lint
    line: str = ""  # the Blender line that it stands for


@dataclass
class Outcome:
    """Counts of one tier, what it took, and why it is not as hoped."""

    tier: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""


def tiers(main_line: str, named: str = "") -> list[Tier]:
    """All tiers, or those that the name means ("addon" is every line); the longest first."""
    every = [
        Tier("e2e", f"blender-{main_line}", "tests/e2e", main_line),
        *(Tier(f"addon-{line}", f"blender-{line}", "tests/addon", line) for line in BLENDER_LINES),
        Tier("torch", "train", "tests/torch"),
        Tier("onnx", "onnx", "tests/onnx"),
        Tier("lint", "lint"),
        Tier("core", "core", "tests/core"),
    ]
    return [tier for tier in every if not named or named in (tier.name, tier.name.split("-")[0])]


def run(chosen: list[Tier], pythons: Mapping[str, Path], extra: list[str]) -> int:
    """Exit code 0 when nothing failed and something passed; what cannot run is skipped by name."""
    started = time.monotonic()
    LOGS.mkdir(exist_ok=True)
    able = [tier for tier in chosen if tier.environment in pythons]
    outcomes = [not_here(tier) for tier in chosen if tier not in able]
    with concurrent.futures.ThreadPoolExecutor(max_workers=min(2, os.cpu_count() or 1)) as workers:
        jobs = [workers.submit(run_tier, tier, pythons, extra) for tier in able]
        outcomes = [*(job.result() for job in jobs), *outcomes]
    return summarise(outcomes, time.monotonic() - started)


def not_here(tier: Tier) -> Outcome:
    """A skip by name, with the reason."""
    version = "3.13" if tier.line == "5.2" else "3.11"
    return Outcome(
        tier.name, skipped=1, note=f"no Python {version} found, which Blender {tier.line} needs"
    )


def run_tier(tier: Tier, pythons: Mapping[str, Path], extra: list[str]) -> Outcome:
    """One tier; its output is shown in one piece when it is done."""
    print(f"[{tier.name}] started", flush=True)
    started, log = time.monotonic(), LOGS / f"{tier.name}.log"
    with (
        tempfile.TemporaryDirectory(prefix="emotalk-test-") as scratch,
        log.open("w", encoding="utf-8") as output,
    ):
        process = Process(str(pythons[tier.environment]), variables(pythons, scratch), output)
        outcome = (
            run_pytest(tier, process, extra, Path(scratch))
            if tier.folder
            else run_lint(tier, process, extra)
        )
    outcome.seconds = time.monotonic() - started
    text = log.read_text(encoding="utf-8", errors="replace")
    print(f"===== {tier.name}, {outcome.seconds:.0f} s =====\n{text}", flush=True)
    return outcome


def variables(pythons: Mapping[str, Path], scratch: str) -> dict[str, str]:
    """No home folder of Blender; which lines are here is told as EMOTALK_BLENDER_4_5=python."""
    found = {
        **os.environ,
        "BLENDER_USER_RESOURCES": scratch,
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }
    for line in BLENDER_LINES:
        python = pythons.get(f"blender-{line}")
        if python:
            found[f"EMOTALK_BLENDER_{line.replace('.', '_')}"] = str(python)
    return found


@dataclass(frozen=True)
class Process:
    """An interpreter, its environment variables, and the file that takes its output."""

    python: str
    variables: Mapping[str, str]
    output: IO[str]

    def call(self, *arguments: str) -> int:
        """Exit code; a process that hangs is killed and counts as failed."""
        command = [self.python, "-m", *arguments]
        try:
            return subprocess.run(
                command, cwd=ROOT, env=dict(self.variables), stdin=subprocess.DEVNULL,
                stdout=self.output, stderr=subprocess.STDOUT, timeout=MAX_TIER_S, check=False,
            ).returncode  # fmt: skip
        except subprocess.TimeoutExpired:
            return 124


def run_pytest(tier: Tier, process: Process, extra: list[str], scratch: Path) -> Outcome:
    report = scratch / "report.xml"
    names_tests = any((ROOT / argument.partition("::")[0]).exists() for argument in extra)
    where = () if names_tests else (tier.folder,)
    code = process.call("pytest", *where, f"--junitxml={report}", *extra)
    outcome = read_report(tier.name, report)
    if code and not outcome.failed:  # crashed, hung, or found no test: never a silent pass
        outcome.failed, outcome.note = 1, f"ended with exit code {code}"
    return outcome


def run_lint(tier: Tier, process: Process, extra: list[str]) -> Outcome:
    outcome = Outcome(tier.name)
    types = ("pyright", "--pythonpath", process.python)
    for check in (("ruff", "check", "."), ("ruff", "format", "--check", "."), types):
        if process.call(*check, *extra):
            outcome.failed += 1
            outcome.note = f"{outcome.note} {' '.join(check[:2])};".strip()
        else:
            outcome.passed += 1
    return outcome


def read_report(name: str, report: Path) -> Outcome:
    """Counts from pytest's own report; nothing counts when the process died before it wrote one."""
    if not report.is_file():
        return Outcome(name)
    totals = dict.fromkeys(("tests", "failures", "errors", "skipped"), 0)
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        totals = {key: value + int(suite.get(key, 0)) for key, value in totals.items()}
    failed = totals["failures"] + totals["errors"]
    return Outcome(name, totals["tests"] - failed - totals["skipped"], failed, totals["skipped"])


def summarise(outcomes: list[Outcome], seconds: float) -> int:
    """A table of tiers, then the one line of totals."""
    print(f"{'tier':<10}{'passed':>8}{'failed':>8}{'skipped':>8}{'seconds':>9}")
    for one in outcomes:
        row = f"{one.tier:<10}{one.passed:>8}{one.failed:>8}{one.skipped:>8}{one.seconds:>9.0f}"
        print(f"{row}  {one.note}".rstrip())
    passed, failed, skipped = (
        sum(getattr(one, key) for one in outcomes) for key in ("passed", "failed", "skipped")
    )
    print(f"{'all':<10}{passed:>8}{failed:>8}{skipped:>8}{seconds:>9.0f}\n")
    print(f"{passed} passed, {failed} failed, {skipped} skipped", flush=True)
    return 1 if failed or not passed else 0
