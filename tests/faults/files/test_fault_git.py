"""A git checkout beneath the engine: half of it is never looked at, and ten thousand changed files are few passes."""

import os
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

MANY = 10_000


def git(folder, *command):
    identity = ("-c", "user.name=n", "-c", "user.email=e@example.com", "-c", "gc.auto=0")
    subprocess.run(["git", "-C", str(folder), *identity, *command], check=True, capture_output=True)


def _commit(branch, count, text):
    """Return a commit for `git fast-import`: a branch of `count` files, a hundred folders."""
    parts = [f"commit refs/heads/{branch}\ncommitter n <e@example.com> 1700000000 +0000\ndata 0\n\n"]
    for number in range(count):
        content = text(f"n{number}", branch=branch)
        parts.append(f"M 100644 inline team{number % 100}/n{number}.yaml\ndata {len(content)}\n{content}\n")
    return "".join(parts)


@pytest.fixture
def site(site_type, tmp_path):
    """A site in memory where there is some: how fast this disk is, is not what is looked at."""
    folder = tempfile.TemporaryDirectory(
        prefix="reconcile-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else tmp_path
    )
    made = site_type(Path(folder.name))
    yield made
    made.stop()
    folder.cleanup()


@pytest.fixture
def repository(site, text):
    """Make branches of `count` files each; the engine is not started."""

    def make(count, branches=("main", "other")):
        git(site.base, "init", "-q", "-b", branches[0], "configs")
        stream = "".join(_commit(branch, count, text) for branch in branches)
        command = ["git", "-C", str(site.root), "fast-import", "--quiet"]
        subprocess.run(command, input=stream, text=True, check=True, capture_output=True)
        git(site.root, "checkout", "-q", branches[0])
        return site

    return make


def test_nothing_is_looked_at_while_git_holds_its_lock(repository, text):
    site = repository(10)
    lock = site.root / ".git" / "index.lock"
    site.start()
    site.wait(lambda: site.engine.idle)
    site.diary.clear()
    lock.touch()
    for number in range(10):
        (site.root / f"team{number}" / f"n{number}.yaml").unlink()
    site.manager.look()
    looks = site.engine.looks
    git_works_on = site.root / "team0" / "n0.yaml"
    git_works_on.write_text(text("n0", branch="other"))
    site.wait(lambda: not site.engine.idle)
    assert site.engine.looks == looks
    assert (site.diary, site.engine.status().held) == ([], 0)
    for number in range(1, 10):
        (site.root / f"team{number}" / f"n{number}.yaml").write_text(text(f"n{number}", branch="main"))
    lock.unlink()
    site.wait(lambda: site.diary == ["~n0 {'branch': 'other'}"] and site.engine.idle)


def test_lock_that_git_left_behind_is_said_and_waited_for_once(site_type, tmp_path, paced):
    clock = paced(speed=100)
    site = site_type(tmp_path, clock)
    git(tmp_path, "init", "-q", "configs")
    (site.root / ".git" / "index.lock").touch()
    site.write("a", channel="old")
    try:
        site.start()
        site.wait_active("a")
        assert any("index.lock" in alarm for alarm in site.engine.alarms())
        clock.let_pass(20.0)  # the lock is waited for for thirty
        site.write("a", channel="new")
        site.wait(lambda: site.diary[-1] == "~a {'channel': 'new'}")
        clock.let_pass(float("inf"))
        (site.root / ".git" / "index.lock").unlink()
        site.wait(lambda: site.engine.alarms() == ())
    finally:
        site.stop()


@pytest.mark.timeout(240)
def test_checkout_of_ten_thousand_changed_files_is_few_passes_and_misses_nothing(repository):
    site = repository(MANY)
    site.start()
    site.wait(lambda: site.engine.counts()[0]["active"] == MANY and site.engine.idle, 100.0)
    site.diary.clear()
    site.passes.clear()
    site.plans.clear()
    began = time.monotonic()
    git(site.root, "checkout", "-q", "other")
    checked_out = time.monotonic() - began
    site.wait(lambda: len(site.diary) >= MANY and site.engine.idle, 100.0)
    seconds = time.monotonic() - began
    sizes = [len(plan.actions) for plan in site.plans]
    print(f"git {checked_out:.2f} s, live after {seconds:.2f} s, plans of {sizes}, {len(site.diary)} calls")
    assert sorted(site.diary) == sorted(f"~n{number} {{'branch': 'other'}}" for number in range(MANY))
    assert (sum(sizes), len(sizes) <= 5) == (MANY, True), sizes
    assert site.integration.most_at_once <= 8
