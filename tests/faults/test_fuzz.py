"""Mutated configurations: whatever the bytes, `validate` answers with findings and never with a traceback."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.cli.app import run
from reconciler.model.rules import INTERNAL_ERROR
from reconciler.testing import Harness

ROOT = Path(__file__).parents[2]
SEEDS = [
    file.read_bytes()
    for pattern in ("examples/configs/**/*.yaml", "tests/config/*/good/*.yaml", "tests/config/*/bad/*.yaml")
    for file in sorted(ROOT.glob(pattern))
]
BITS = [
    b"\t", b"\n", b"\r", b"- ", b": ", b"? ", b"[", b"}", b"'", b'"', b"&a ", b"*a", b"!x ", b"<<: ", b"---\n", b"...\n", b"|\n",
    b"\xff", b"\0", b"\xef\xbb\xbf", b"\\ud83d", b"\xe2\x80\xa8", b"{{ x", b"{%", b"{secret: env:X}", b"enabled: yes\n", b"1e999",
    b"integration: slack\n", b"name: a\n", b"settings:\n", b"events: [{type: '*', when: 'x ? y'}]\n", b"message: {title: 1}\n",
]  # fmt: skip


def mutated(draw: random.Random) -> bytes:
    """Return one of the files with some of its bytes deleted, doubled, replaced, or with something between them."""
    data = bytearray(draw.choice(SEEDS))
    for _ in range(draw.randrange(1, 8)):
        at = draw.randrange(len(data) + 1)
        to = min(len(data), at + draw.randrange(1, 40))
        match draw.randrange(5):
            case 0:
                del data[at:to]
            case 1:
                data[at:at] = data[at:to]
            case 2:
                data[at:at] = draw.choice(BITS)
            case 3:
                data[at:to] = draw.choice(BITS)
            case _:
                data[at : at + 1] = bytes([draw.randrange(256)])
    return bytes(data)


@given(draw=st.randoms(use_true_random=False), form=st.sampled_from(["json", "text", "concise"]))
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_mutated_file_gets_a_verdict(tmp_path, capsys, draw, form):
    file = tmp_path / "a.yaml"
    file.write_bytes(mutated(draw))
    code = run(["validate", str(file), "--format", form])
    printed = capsys.readouterr()
    assert (code in {0, 1}, printed.err) == (True, "")
    assert INTERNAL_ERROR not in printed.out
    if form == "json":
        report = json.loads(printed.out)
        assert code == int(report["summary"]["errors"] > 0)
        for found in report["diagnostics"]:
            assert 1 <= found["line"] <= found["end_line"]
            assert (found["line"], 1) <= (found["line"], found["column"])
            assert (found["line"], found["column"]) <= (found["end_line"], found["end_column"])
            assert found["rule"] and found["message"] and found["help"] and found["file"]


@pytest.mark.slow
@pytest.mark.parametrize(("seed", "arguments"), [(1, ["--jobs", "2"]), (2, ["--strict", "--format", "json"])])
def test_process_on_many_mutated_files_ends_with_findings(tmp_path, seed, arguments):
    draw = random.Random(seed)
    for number in range(300):
        (tmp_path / f"{number}.yaml").write_bytes(mutated(draw))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "reconciler", "validate", str(tmp_path), *arguments],
        capture_output=True, text=True, errors="strict", timeout=50, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")
    assert "Traceback" not in done.stdout and INTERNAL_ERROR not in done.stdout


def test_daemon_on_mutated_files_lives_and_runs_the_good_one():
    draw = random.Random(3)
    with Harness() as harness:
        harness.write("good.yaml", {"integration": "console", "name": "surely-good"})
        for _ in range(15):
            for number in range(20):
                (harness.directory / f"{number}.yaml").write_bytes(mutated(draw))
            harness.settle()
            assert INTERNAL_ERROR not in {found.rule for found in harness.manager.engine.diagnostics()}
        assert harness.state("console/surely-good") == "active"
