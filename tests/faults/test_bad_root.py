"""A root that is missing or cannot be read: exit 2 with one sentence, or the last good, held."""

import ctypes
import json
import os
import shutil
import subprocess
import sys

import pytest

from reconciler.model.errors import RootUnreadable
from reconciler.model.state import ConfigState, StateReason
from reconciler.testing import Harness

DAC_OVERRIDE, DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24
GOOD = {"integration": "console", "name": "a"}


def _obey_permissions():
    """Run in the child before the program: not even root may then read what the file mode forbids."""
    if os.getuid() == 0:
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.fixture
def reconcile(tmp_path):
    """Run `reconcile` in a folder with the roots `closed` (mode 000) and `file`."""
    closed = tmp_path / "closed"
    closed.mkdir()
    (closed / "a.yaml").write_text(json.dumps(GOOD))
    (tmp_path / "file").write_text("")
    closed.chmod(0)

    def run(*arguments):
        command = [sys.executable, "-m", "reconciler", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, timeout=50, check=False,
            preexec_fn=_obey_permissions,
        )  # fmt: skip

    yield run
    closed.chmod(0o700)


@pytest.mark.slow
@pytest.mark.parametrize("root", ["closed", "file", "nowhere"])
@pytest.mark.parametrize("verb", ["", "--watch", "validate", "plan"])
def test_root_that_cannot_be_read_is_one_sentence_and_exit_2(reconcile, verb, root):
    if (verb, root) == ("validate", "file"):
        pytest.skip("validate takes a single file")
    done = reconcile(*verb.split(), "--dir", root)
    *notes, sentence = done.stderr.splitlines()
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence.startswith("error: ") and root in sentence
    assert notes in ([], ["no daemon answers: comparing with the accepted documents in the state directory"])


def test_start_without_a_root_and_without_a_last_good_is_refused():
    with Harness() as harness:
        harness.stop()
        harness.directory.rmdir()
        with pytest.raises(RootUnreadable, match="does not exist"):
            harness.start()
        harness.directory.mkdir()
        harness.start()


def test_start_without_a_root_runs_the_last_good_held_and_recovers():
    with Harness() as harness:
        harness.write("a.yaml", GOOD)
        harness.stop()
        shutil.rmtree(harness.directory)
        harness.outcomes.clear()
        harness.start()
        harness.advance(120)
        status = harness.config("console/a")
        assert (status.state, status.stale, status.reason) == (ConfigState.ACTIVE, True, StateReason.HELD)
        assert [outcome.action.kind for outcome in harness.outcomes] == ["initialize", "start"]
        assert "nothing is removed" in harness.manager.engine.status().alarms[0]
        harness.directory.mkdir()
        harness.write("a.yaml", GOOD)
        assert (harness.state("console/a"), harness.config("console/a").stale) == (ConfigState.ACTIVE, False)
        assert harness.manager.engine.status().alarms == ()
        assert len(harness.outcomes) == 2
