"""Running commands and measuring them, and a table of targets: what the benchmarks share. Linux alone."""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

SCRIPT = Path(sys.executable).with_name("reconcile")
RECONCILE = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "reconciler"]
NOTHING = [sys.executable, "-c", "pass"]
ROOT = Path(__file__).resolve().parent.parent
# Start-up is measured as users have it, with compiled modules on disk.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


class Run(NamedTuple):
    """One run of a command: seconds by the clock, seconds of all processors, and what it printed."""

    wall: float
    cpu: float
    output: str


class Row(NamedTuple):
    """One line of the result: `measured` is to be at most `target`, or at least where `at_least` is set."""

    what: str
    target: float
    measured: float
    unit: str = "x"
    at_least: bool = False

    @property
    def met(self):
        """Whether the target is met."""
        return self.measured >= self.target if self.at_least else self.measured <= self.target


def run(command):
    """Run a command to its end; ends this program with what it said when it fails."""
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, env=ENVIRONMENT, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)  # the processes that it waited for are counted too
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        said = output.read().decode("utf-8", "replace")
    if process.returncode:
        sys.exit(f"{' '.join(command[:6])} ... ended with {process.returncode}:\n{said[-2000:]}")
    return Run(wall, usage.ru_utime + usage.ru_stime, said)


def best(commands, rounds, *, by="cpu"):
    """Return the least time of each command. They take turns, so that a busy machine is no one's disadvantage."""
    for command in commands:
        run(command)  # writes the compiled modules, warms the file cache
    times = [[getattr(run(command), by) for command in commands] for _ in range(rounds)]
    return [min(column) for column in zip(*times, strict=True)]


def peak_memory(command):
    """Return the most that a command and its children hold at once, as the sum of their RSS in MB, sampled."""
    with open(os.devnull, "wb") as output:
        process = subprocess.Popen(command, stdout=output, env=ENVIRONMENT, cwd=ROOT)
        most = 0
        while process.poll() is None:
            most = max(most, sum(_resident(pid) for pid in _family(process.pid)))
            time.sleep(0.005)
    if process.returncode:
        sys.exit(f"{' '.join(command[:6])} ... ended with {process.returncode}")
    return most / 1e6


def _family(pid):
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _family(int(child))


def _resident(pid):
    with suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


def report(rows):
    """Print the table and return the exit code: 1 when a target is missed."""
    width = max(len(row.what) for row in rows)
    print(f"{'':{width}}  {'target':>10}  {'measured':>10}")
    for row in rows:
        sign = ">=" if row.at_least else "<="
        verdict = "ok" if row.met else "MISSED"
        print(f"{row.what:{width}}  {sign} {row.target:>5g} {row.unit:2}  {row.measured:>7.2f} {row.unit:2}  {verdict}")
    return int(not all(row.met for row in rows))
