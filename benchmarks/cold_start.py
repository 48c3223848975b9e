"""How long a person waits for `atk-interp lint` and `--help`, beside what Python and two libraries cost alone.

Each command is a fresh process, with its byte code where Python keeps it once a package was used; the commands take
turns, and the best of several runs counts. Prints a table for README.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPEC = "pipeline_specs/factual_qa/pipeline.yaml"
FLOOR = "python with PyYAML and Jinja2"
LINT = "`atk-interp lint SPEC`"


@dataclass(frozen=True)
class Cost:
    wall_ms: float
    cpu_ms: float


def run(arguments: list[str], environment: dict[str, str]) -> Cost:
    """Wall time, and user and system time, of one Python process. Raises `SystemExit` when the command fails."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        assert process.stdout is not None
        said = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"`python {' '.join(arguments)}` ended with {process.returncode}:\n{said.decode()}")
    return Cost(wall * 1000, (used.ru_utime + used.ru_stime) * 1000)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("spec", nargs="?", default=SPEC, help="the spec to lint, from the top of the project")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    paths = [str(ROOT / "interpreter"), *filter(None, [os.environ.get("PYTHONPATH")])]
    commands = {
        "python alone": ["-c", "pass"],
        FLOOR: ["-c", "import yaml, jinja2"],
        "`atk-interp --help`": ["-m", "atk_interp", "--help"],
        LINT: ["-m", "atk_interp", "lint", options.spec],
    }
    costs: dict[str, list[Cost]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory(prefix="atk-byte-code-") as cache:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for arguments in commands.values():
            run(arguments, environment)  # writes the byte code, warms the disk
        for _ in range(options.rounds):
            for name, arguments in commands.items():
                costs[name].append(run(arguments, environment))
    print(f"python {platform.python_version()}, best of {options.rounds}\n")
    print("| command | wall | user + system |")
    print("|---|---:|---:|")
    for name, found in costs.items():
        wall, cpu = min(cost.wall_ms for cost in found), min(cost.cpu_ms for cost in found)
        print(f"| {name} | {wall:.0f} ms | {cpu:.0f} ms |")
    ratios = [lint.cpu_ms / floor.cpu_ms for lint, floor in zip(costs[LINT], costs[FLOOR], strict=True)]
    print(f"\n{LINT} costs {statistics.median(ratios):.2f} times {FLOOR}: the median of {options.rounds} pairs")


if __name__ == "__main__":
    main()
