"""What a child has read ahead is believed of files that stand as it read them, judged as they would be judged now."""

import os
import subprocess
import sys
import textwrap

import pytest

from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.tree import ahead
from reconciler.config.tree.directory import Directory
from reconciler.config.tree.kept import KeptFiles
from reconciler.config.tree.kept_form import pack, unpack
from reconciler.config.tree.memory import Ages
from reconciler.config.validation import Validator
from reconciler.model.descriptor import Descriptor
from reconciler.sdk import Integration

SCHEMA = {
    "type": "object",
    "properties": {"level": {"type": "integer"}, "token": {"type": "string", "writeOnly": True}},
}


class Shelf:
    data, saves = None, 0

    def load(self):
        return self.data

    def save(self, parts):
        self.data, self.saves = b"".join(parts), self.saves + 1


class Root:
    """A root with three good files and a bad one, read ahead and then taken in."""

    def __init__(self, folder):
        self.folder, self.shelf = folder / "configs", Shelf()
        self.folder.mkdir()
        for name in ("a", "b", "c"):
            self.write(name)
        (self.folder / "bad.yaml").write_text("integration: thing\nname: bad\nsettings: {level: x}\n")

    def write(self, name, settings="{level: 1}"):
        (self.folder / f"{name}.yaml").write_text(f"integration: thing\nname: {name}\nsettings: {settings}\n")

    def validator(self, schema=SCHEMA, *, plaintext=False, kind=Validator):
        catalogue = Catalogue(())
        catalogue.register(Descriptor("thing", "Thing", schema=schema), Integration)
        secrets = SecretResolver(self.folder, {})
        return kind(catalogue, secrets=secrets, allow_plaintext_secrets=plaintext)

    def ahead(self, settle=0.0, most=100, **options):
        """Read ahead; files are old as soon as they are written."""
        return ahead.read_ahead(self.folder, self.validator(**options), self.shelf, Ages(settle, 0.0), most=most)

    def take_in(self, handed, **options):
        validator = self.validator(**options)
        kept = KeptFiles(validator, self.shelf, lambda: handed, sure_after=0.0)
        directory = Directory(self.folder, validator, settle=0.0, kept=kept)
        scan = directory.scan()
        directory.keep()
        self.snapshot = directory.snapshot
        return scan.read


@pytest.fixture
def root(tmp_path):
    return Root(tmp_path)


def test_what_was_read_ahead_is_what_would_be_read(root):
    root.take_in(None)
    before, root.shelf.data = root.snapshot, None
    assert root.take_in(root.ahead()) == 1  # the bad one, for its finding
    assert root.snapshot.desired == before.desired
    assert root.snapshot.diagnostics == before.diagnostics


def test_file_that_changed_meanwhile_is_read(root):
    handed = root.ahead()
    root.write("a", "{level: 7}")
    assert root.take_in(handed) == 2
    assert root.snapshot.get("thing/a").document.settings["level"] == 7


def test_scan_that_failed_is_followed_by_one_that_knows_what_was_read_ahead(root):
    root.take_in(None)
    root.write("a", "{level: 2}")
    handed, validator, ticks = [None, root.ahead()], root.validator(), iter([None])
    directory = Directory(root.folder, validator, settle=0.0, kept=KeptFiles(validator, root.shelf, handed.pop))
    with pytest.raises(StopIteration):
        directory.scan(tick=lambda: next(ticks))
    directory.scan()
    assert directory.snapshot.get("thing/a").document.settings["level"] == 2


def test_file_that_was_written_just_now_is_left_to_the_parent(root):
    assert root.ahead(settle=60.0)[3] == []


def test_file_that_the_child_was_not_sure_of_is_taken_in_and_not_kept(root):
    key, basis, is_news, packs = root.ahead()
    files = [(*kept[:3], kept[0] != "a.yaml", kept[4]) for some in packs for kept in unpack(some, {"thing"}).values()]
    assert root.take_in((key, basis, is_news, [pack(files)])) == 1  # the bad one
    assert b"b.yaml" in root.shelf.data
    assert b"a.yaml" not in root.shelf.data


def test_child_that_judged_otherwise_is_not_believed(root):
    assert root.take_in(root.ahead(schema={"type": "object"})) == 4


@pytest.mark.parametrize("when", ["before", "after"])
def test_policy_is_judged_by_as_it_is_now(root, when):
    policy = root.folder / "reconcile.toml"
    if when == "before":
        policy.write_text("[[folder]]\npath = '**'\nname_prefix = 'b'\n")
    handed = root.ahead()
    policy.write_text("[[folder]]\npath = '**'\nname_prefix = 'a'\n")
    root.take_in(handed)
    assert sorted(key for key, d in root.snapshot.desired.items() if d.document is not None) == ["thing/a"]


def test_policy_that_nobody_knows_has_nothing_read_ahead(root):
    (root.folder / "reconcile.toml").write_text("[[folder]]\npath = 7\n")
    assert root.ahead() is None


def test_literal_at_the_place_of_a_secret_is_handed_to_nobody(root):
    root.write("a", "{token: hunter2}")
    handed = root.ahead(plaintext=True)
    assert "hunter2" not in repr(handed)
    assert root.take_in(handed, plaintext=True) == 2


def test_what_the_shelf_holds_is_neither_judged_nor_written_again(root):
    class Idle(Validator):
        def check(self, document, file, bounds=None):
            raise AssertionError(f"{file} is judged")

    root.take_in(root.ahead())
    assert root.shelf.saves == 1
    (root.folder / "bad.yaml").unlink()
    root.take_in(root.ahead())
    assert root.take_in(root.ahead(kind=Idle), kind=Idle) == 0
    assert root.shelf.saves == 1


def test_more_files_than_two_processes_should_hold_are_read_by_one(root):
    assert root.ahead(most=2) is None


def in_a_process(root, make, then, patience):
    """Run `then` in a process of its own, where no thread is, beside a child that makes its tools by `make`."""
    script = f"""
        import os, signal, sys
        from pathlib import Path
        from reconciler.config.tree.ahead import Ahead
        from reconciler.config.tree.memory import Ages
        from reconciler.config.catalogue import Catalogue
        from reconciler.config.secrets import SecretResolver
        from reconciler.config.validation import Validator
        class Shelf:
            load = lambda self: None
        def make():
            {make}
        child = Ahead.begin(Path({str(root.folder)!r}), make, Ages(0.0), pays_from=1, patience={patience})
        pid = child._worker.pid
        {then}
        try:
            os.waitpid(pid, 0)
        except ChildProcessError:
            print("nothing left")
        """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=30, check=False
    )
    assert run.stderr == ""
    return run.stdout.split("\n")


TOOLS = (
    "return Validator(Catalogue(None), secrets=SecretResolver(Path('.'), {}), allow_plaintext_secrets=False), Shelf()"
)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "then", "patience", "said"),
    [
        (TOOLS, "print(len(child.take()[3]), child.take())", 20, "1 None"),
        ("os.kill(os.getpid(), signal.SIGTERM)", "print(child.take())", 20, "None"),
        ("import time; time.sleep(60)", "print(child.close())", 20, "None"),
        ("import time; time.sleep(60)", "print(child.take())", 0.05, "None"),
    ],
)
def test_whatever_becomes_of_the_child_it_costs_time_alone(root, make, then, patience, said):
    (root.folder / "hello.yaml").write_text("integration: console\nname: hello\n")
    assert in_a_process(root, make, then, patience) == [said, "nothing left", ""]


@pytest.mark.slow
def test_small_directory_is_read_by_its_only_process(tmp_path):
    assert ahead.Ahead.begin(tmp_path, lambda: os._exit(1)) is None
