"""A snapshot kept up to date equals one read anew, whatever was edited; and nothing is lost while files have errors."""

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from reconciler.config.tree.directory import RootState
from reconciler.model.config import Presence

FOLDERS = ("", "a", "a/b", "c")
FILES = st.sampled_from([f"{f}/{n}.yaml".lstrip("/") for f in FOLDERS for n in ("p", "q")])
POLICIES = st.sampled_from(
    ["", *(f'[[folder]]\npath = "{path}"\nintegrations = ["{may}"]\n' for path in ("**", "a/**") for may in ("x", "y"))]
)
NAMES = st.lists(st.sampled_from(["one", "two", "three", "four"]), min_size=1, max_size=3)


def view(snapshot, *, without=()):
    return {key: (d.presence, d.document, d.file, d.line) for key, d in snapshot.desired.items() if key not in without}


class Edits(RuleBasedStateMachine):
    """Random edits, with a scan of just the touched folders after each."""

    def __init__(self, world_type):
        super().__init__()
        self.base = Path(tempfile.mkdtemp())
        self.world = world_type(self.base)
        self.world.scan()
        self.changed = dict(view(self.world.directory.snapshot))

    def teardown(self):
        shutil.rmtree(self.base)

    def look(self, *files):
        before = view(self.world.directory.snapshot)
        scan = self.world.scan({file.rpartition("/")[0] for file in files})
        after = view(self.world.directory.snapshot)
        differing = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        assert differing <= scan.changed | scan.moved

    @rule(file=FILES, names=NAMES)
    def write(self, file, names):
        self.world.write(file, *names)
        self.look(file)

    @rule(file=FILES)
    def delete(self, file):
        (self.world.root / file).unlink(missing_ok=True)
        self.look(file)

    @rule(old=FILES, new=FILES)
    def rename(self, old, new):
        if (self.world.root / old).exists():
            (self.world.root / new).parent.mkdir(parents=True, exist_ok=True)
            (self.world.root / old).rename(self.world.root / new)
            self.look(old, new)

    @rule(folder=st.sampled_from(["a", "a/b", "c"]))
    def delete_folder(self, folder):
        shutil.rmtree(self.world.root / folder, ignore_errors=True)
        self.look(folder + "/x")


class CleanEdits(Edits):
    """Edits without errors but for duplicates."""

    @invariant()
    def equals_a_fresh_one(self):
        mine, fresh = self.world.directory.snapshot, self.world.fresh().snapshot
        held = {key for key, d in mine.desired.items() if d.presence is Presence.INVALID}
        assert view(mine, without=held) == view(fresh)
        assert mine.diagnostics == fresh.diagnostics
        assert not held or any(d.presence is Presence.DUPLICATE for d in mine.desired.values())
        assert mine.files == fresh.files


class BrokenEdits(Edits):
    """Edits that break files too."""

    @rule(file=FILES, names=NAMES)
    def break_file(self, file, names):
        before = {k for k, d in self.world.directory.snapshot.desired.items() if d.file == file}
        self.world.write(file, *names)
        with (self.world.root / file).open("a") as opened:
            opened.write("bad: 1\n---\n[\n")
        self.look(file)
        assert before <= self.world.directory.snapshot.desired.keys()

    @rule(file=FILES)
    def make_unreadable(self, file):
        before = {k for k, d in self.world.directory.snapshot.desired.items() if d.file == file}
        path = self.world.root / file
        if path.exists():
            path.unlink()
            path.symlink_to(path.name)
            self.look(file)
            assert before <= self.world.directory.snapshot.desired.keys()
            path.unlink()
            path.write_text("[")
            self.look(file)
            assert before <= self.world.directory.snapshot.desired.keys()

    @invariant()
    def has_all_that_a_fresh_one_has(self):
        mine, fresh = self.world.directory.snapshot, self.world.fresh().snapshot
        held = mine.desired.keys() - fresh.desired.keys()
        assert view(mine, without=held) == view(fresh)
        assert mine.diagnostics == fresh.diagnostics


class PolicyEdits(Edits):
    """Edits of files and of the policy, in a root that may be made anew."""

    def __init__(self, world_type):
        super().__init__(world_type)
        self.made = 0
        self.is_lost = False

    def look(self, *files):
        super().look(*files)
        self.world.clock.advance(1)  # what was being written when the root was lost has settled
        self.is_lost = self.world.directory.scan(()).root is not RootState.OK

    @rule(policy=POLICIES)
    def judge_by(self, policy):
        self.world.raw("reconcile.toml", policy)
        self.look("reconcile.toml")

    @rule(policy=POLICIES)
    def make_anew(self, policy):
        self.made += 1
        self.world.root.rename(self.base / f"old{self.made}")
        self.world.root.mkdir()
        self.judge_by(policy)

    @rule(policy=POLICIES)
    def make_anew_of_the_same(self, policy):
        """The same files in another folder, which is seen while it is empty but for its policy."""
        self.make_anew(policy)
        shutil.copytree(self.base / f"old{self.made}", self.world.root, dirs_exist_ok=True, ignore=_but_files)
        self.look("a/x", "c/x", "x")

    @invariant()
    def has_all_that_a_fresh_one_has(self):
        if self.is_lost:
            return
        mine, fresh = self.world.directory.snapshot, self.world.fresh().snapshot
        held = mine.desired.keys() - fresh.desired.keys()
        assert view(mine, without=held) == view(fresh)
        assert mine.diagnostics == fresh.diagnostics


def _but_files(_folder, names):
    return {"reconcile.toml"} & set(names)


@pytest.mark.parametrize("machine", [CleanEdits, BrokenEdits, PolicyEdits])
def test_snapshot_kept_up_to_date_equals_a_fresh_one(machine, world_type):
    profile = settings(max_examples=25, stateful_step_count=15)
    run_state_machine_as_test(lambda: machine(world_type), settings=profile)
