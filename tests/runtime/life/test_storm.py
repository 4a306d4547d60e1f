"""The proofs that need minutes and processes of their own, in short: the programs are those of `benchmarks/`."""

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[3] / "benchmarks"


def run(program, *arguments):
    command = [sys.executable, str(BENCHMARKS / program), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_killed_fifty_times_in_a_storm_of_edits_it_converges_and_loses_nothing():
    assert "\n50 kills, " in "\n" + run("storm.py", "--kills", "50")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_thousand_cycles_of_edits_leave_nothing_behind():
    assert "MISSED" not in run("cycles.py", "--cycles", "1000")
