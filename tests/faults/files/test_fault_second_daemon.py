"""Two daemons on one state directory: the second is told who has it, and the first does not notice."""

import pytest

pytestmark = pytest.mark.slow


def test_second_daemon_is_told_who_holds_the_state_and_disturbs_nothing(daemon, root, text):
    (root / "a.yaml").write_text(text("a", "console"))
    first = daemon().wait_ready()
    first.wait(lambda: "ready: " in first.err.read_text())  # it is ready a moment before it says so
    before = first.err.read_text()
    second = daemon()
    assert second.process.wait(20) == 2
    [line] = first.err.read_text().removeprefix(before).splitlines()
    assert line.startswith(f"error: another runner (process {first.process.pid}) holds the state directory")
    assert str(first.state_dir) in line
    assert "--state-dir" in line
    (first.root / "a.yaml").write_text(text("a", "console", prefix="'> '"))
    first.wait(lambda: "console/a updated" in first.err.read_text())
    assert first.status()["alarms"] == []


def test_daemon_that_was_killed_leaves_no_lock(daemon, root, text):
    (root / "a.yaml").write_text(text("a", "console"))
    first = daemon().wait_ready()
    first.kill()
    assert daemon().wait_ready().configs() == {"a": ("active", False)}
