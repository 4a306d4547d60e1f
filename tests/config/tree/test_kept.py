"""What files said in an earlier life is believed of exactly those that nothing has happened to since."""

import json
import marshal
import os
import time
from functools import partial
from hashlib import blake2b

import pytest

from reconciler.config.basis import code_digest
from reconciler.config.catalogue import Catalogue
from reconciler.config.files import Unreadable
from reconciler.config.secrets import SecretResolver
from reconciler.config.tree.directory import Directory
from reconciler.config.tree.files import FileTree
from reconciler.config.tree.kept import KeptFiles, holds_nearly_all
from reconciler.config.tree.kept_form import HEAD
from reconciler.config.tree.snapshot import Claim, FileState
from reconciler.config.tree.walk import walk_all
from reconciler.config.validation import Validator
from reconciler.model.descriptor import Descriptor, EventDeclaration
from reconciler.sdk import Integration

SCHEMA = {
    "type": "object",
    "properties": {"level": {"type": "integer"}, "token": {"type": "string", "writeOnly": True}},
    "additionalProperties": False,
}


class Shelf:
    data = None

    def load(self):
        return self.data

    def peek(self, size):
        return self.data[:size] if self.data is not None else None

    def save(self, parts):
        self.data = b"".join(parts)


class Lives:
    """A root with three files, and one life of a Directory after the other."""

    def __init__(self, base):
        self.root, self.secrets, self.shelf = base / "configs", base / "secrets", Shelf()
        self.root.mkdir()
        for name in ("a", "b", "c"):
            self.write(name)

    def write(self, name, level=1, more=""):
        text = f"# {name}\nintegration: thing\nname: {name}\nsettings: {{level: {level}}}\n{more}"
        (self.root / f"{name}.yaml").write_text(text)

    def live(self, schema=None, *, plaintext=False, events=("note",), code=None, sure_after=0.0):
        """One life, for which files are old as soon as they are written; returns how many it has read."""
        catalogue = Catalogue(())
        declared = tuple(EventDeclaration(event) for event in events)
        catalogue.register(Descriptor("thing", "Thing", events=declared, schema=schema or SCHEMA), Integration)
        secrets = SecretResolver(self.secrets, {})
        self.validator = Validator(catalogue, secrets=secrets, allow_plaintext_secrets=plaintext, code_digest=code)
        directory = self.directory(sure_after)
        scan = directory.scan()
        directory.keep()
        self.snapshot = directory.snapshot
        return scan.read

    def directory(self, sure_after=0.0):
        kept = KeptFiles(self.validator, self.shelf, sure_after=sure_after)
        return Directory(self.root, self.validator, settle=0.0, kept=kept)

    def levels(self):
        return {
            key: desired.document.settings["level"] if desired.document is not None else desired.presence
            for key, desired in sorted(self.snapshot.desired.items())
        }


@pytest.fixture
def lives(tmp_path):
    lives = Lives(tmp_path)
    assert lives.live() == 3
    return lives


def test_unchanged_files_are_not_read_again(lives):
    before = lives.snapshot
    assert lives.live() == 0
    assert lives.snapshot.desired == before.desired


def test_files_are_kept_and_recalled_by_the_ids_they_claim(lives):
    os.rename(lives.root / "a.yaml", lives.root / "z.yaml")
    lives.live()
    kept = KeptFiles(lives.validator, lives.shelf)
    kept.load("")
    kept.recall("", f"{lives.root}/", ["b.yaml", "c.yaml", "z.yaml"])
    assert [name for name, *_ in kept.recalled()] == ["z.yaml", "b.yaml", "c.yaml"]


def test_what_judges_is_not_made_for_unchanged_files_but_right_after_them(lives):
    directory = lives.directory()
    lives.validator._made = None
    assert directory.scan().read == 0
    assert lives.validator._made is None
    directory.keep()
    assert lives.validator._made is not None


def test_recalled_file_stands_in_the_same_place(lives):
    lives.live()
    (lives.root / "d.yaml").write_text("integration: thing\nname: a\n")
    lives.live()
    places = [(d.span.file, d.span.line, d.span.column) for d in lives.snapshot.diagnostics]
    assert places == [("a.yaml", 3, 7), ("d.yaml", 2, 7)]


def test_content_of_the_same_size_and_time_is_read(lives):
    file = lives.root / "a.yaml"
    before = file.stat()
    with file.open("r+") as opened:
        opened.write(file.read_text().replace("level: 1", "level: 7"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert lives.live() == 1
    assert lives.levels()["thing/a"] == 7


def test_files_that_changed_places_are_read(lives):
    os.rename(lives.root / "a.yaml", lives.root / "x")
    os.rename(lives.root / "b.yaml", lives.root / "a.yaml")
    os.rename(lives.root / "x", lives.root / "b.yaml")
    assert lives.live() == 2
    assert lives.snapshot.get("thing/a").file == "b.yaml"


def test_file_that_is_gone_is_forgotten(lives):
    (lives.root / "b.yaml").unlink()
    assert lives.live() == 0
    assert sorted(lives.snapshot.desired) == ["thing/a", "thing/c"]
    assert b"b.yaml" not in lives.shelf.data


def test_folder_that_comes_while_the_first_scan_lists_is_read_with_it(lives):
    (lives.root / "team").mkdir()
    os.rename(lives.root / "a.yaml", lives.root / "team" / "a.yaml")
    lives.live()
    away = lives.root / "_team"
    os.rename(lives.root / "team", away)

    def comes_back():  # and another goes, for which the root is listed once more
        if away.exists():
            os.rename(away, lives.root / "team")
            (lives.root / "c.yaml").unlink()

    directory = lives.directory()
    directory.scan(tick=comes_back)
    assert sorted(directory.snapshot.desired) == ["thing/a", "thing/b"]


def test_nothing_is_recalled_beyond_the_limit_that_an_unreadable_folder_has_used_up(lives):
    (lives.root / "sub").mkdir()
    tree = FileTree(lives.validator, time.monotonic, 0.0, KeptFiles(lives.validator, lives.shelf))
    tree.learn({"sub/x.yaml": ["thing/x"], "sub/y.yaml": ["thing/y"]})
    walk = walk_all(str(lives.root), lambda: None)
    del walk.listings["sub"]
    walk.broken["sub"] = Unreadable("it cannot be listed").diagnostic("sub")
    tree.refresh(walk, str(lives.root), 1, lambda: None, everything=True)
    assert (tree.files, tree.is_over) == (2, True)


def test_file_that_became_a_link_is_read_through_it(lives):
    os.rename(lives.root / "a.yaml", lives.root / "_a.txt")
    os.symlink("_a.txt", lives.root / "a.yaml")
    assert lives.live() == 1
    assert lives.live() == 1  # a link is never believed: what it leads to changes elsewhere
    assert lives.levels()["thing/a"] == 1


def test_file_that_became_something_else_is_said_to_be_that(lives):
    (lives.root / "a.yaml").unlink()
    os.mkfifo(lives.root / "a.yaml")
    lives.live()
    assert "expected a file, found a named pipe" in lives.snapshot.diagnostics[0].message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_file_that_cannot_be_read_any_more_is_unreadable(lives):
    (lives.root / "a.yaml").chmod(0)
    lives.live()
    assert lives.levels()["thing/a"] == "unreadable"


def test_what_another_user_could_read_is_read_by_this_one(lives, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 12345)
    assert lives.live() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"schema": {**SCHEMA, "properties": {"level": {"type": "string"}}}},
        {"schema": {**SCHEMA, "description": "what it is for"}},
        {"plaintext": True},
        {"events": ("note", "other")},
    ],
)
def test_other_basis_has_everything_judged_again(lives, change):
    assert lives.live(**change) == 3
    assert lives.live() == 3


def test_changed_schema_makes_what_was_valid_invalid(lives):
    lives.live({**SCHEMA, "properties": {"level": {"type": "string"}}})
    assert set(lives.levels().values()) == {"invalid"}


def test_tightened_policy_judges_everything_again(lives):
    (lives.root / "reconcile.toml").write_text("[[folder]]\npath = '**'\nname_prefix = 'a'\n")
    assert lives.live() == 3
    assert lives.levels() == {"thing/a": 1, "thing/b": "invalid", "thing/c": "invalid"}
    (lives.root / "reconcile.toml").unlink()
    assert lives.live() == 3
    assert set(lives.levels().values()) == {1}
    assert lives.live() == 0


def test_policy_that_changed_while_it_ran_leaves_the_shelf_alone(lives):
    before = lives.shelf.data
    lives.write("a", level=2)
    directory = lives.directory()
    directory.scan()
    (lives.root / "reconcile.toml").write_text("[[folder]]\npath = '**'\nname_prefix = 'a'\n")
    directory.scan()
    assert directory.snapshot.get("thing/b").document is None
    directory.keep()
    assert lives.shelf.data == before


def test_other_version_of_the_code_judges_everything_again(lives):
    assert lives.live(code=lambda: code_digest(version="99")) == 3


def test_code_in_no_plain_files_keeps_nothing(lives):
    nowhere = partial(code_digest, libraries=("no_such_library",))
    assert (nowhere(), lives.live(code=nowhere), lives.live(code=nowhere)) == ("", 3, 3)


def resealed(change):
    """Return a damage that leaves the checksum right; `change` gets the head, and what follows it."""

    def damage(data):
        head, _, rest = data.partition(b"\n")
        body = change(head, rest[:-16])
        return body + blake2b(body, digest_size=16).digest()

    return damage


def packed(data):
    return len(data).to_bytes(8, "big") + data


DAMAGES = {
    "empty": lambda _: b"",
    "truncated": lambda data: data[: len(data) // 2],
    "garbage": lambda _: bytes(range(256)) * 20,
    "a flipped bit": lambda data: data.replace(b"level", b"lewel", 1),
    "another format": resealed(lambda head, rest: head.replace(b'"format":2', b'"format":3') + b"\n" + rest),
    "another interpreter": resealed(lambda head, rest: head.replace(b'"cpython 3', b'"cpython 9') + b"\n" + rest),
    "no head": resealed(lambda _head, rest: rest),
    "a head that is none": resealed(lambda _head, rest: b"[]\n" + rest),
    "a head without an end": resealed(lambda head, _rest: head),
    "a deep head": resealed(lambda _head, rest: b"[" * 60_000 + b"\n" + rest),
    "entries that are none": resealed(lambda head, _rest: head + b"\n" + packed(marshal.dumps([1, 2]))),
    "a pack that ends early": resealed(lambda head, _rest: head + b"\n" + packed(marshal.dumps({"a": 1})[:-3])),
    "deep nesting": resealed(lambda head, _rest: head + b"\n" + packed(b"(\1\0\0\0" * 100_000)),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damaged_shelf_is_no_shelf(lives, damage):
    lives.shelf.data = damage(lives.shelf.data)
    assert lives.live() == 3
    assert set(lives.levels().values()) == {1}
    assert lives.live() == 0


def test_file_changed_just_before_it_was_read_is_not_believed(lives):
    lives.shelf.data = None
    assert lives.live(sure_after=60.0) == 3
    assert lives.live() == 3


def test_file_with_a_finding_is_judged_again(lives):
    lives.write("a", more="events: [{type: noted}]\n")
    lives.live()
    found = lives.snapshot.diagnostics
    assert [d.severity for d in found] == ["warning"]
    assert lives.live() == 1
    assert lives.snapshot.diagnostics == found


def test_file_whose_warning_is_ignored_is_read_once(lives):
    lives.write("a", more="events: [{type: noted}] # reconcile: ignore[unknown-event-type]\n")
    lives.live()
    assert lives.snapshot.diagnostics == ()
    assert lives.live() == 0


def test_literal_at_the_place_of_a_secret_is_never_kept(lives):
    (lives.root / "a.yaml").write_text("integration: thing\nname: a\nsettings: {token: hunter2-hunter2}\n")
    lives.live(plaintext=True)
    assert lives.snapshot.get("thing/a").document is not None
    assert b"hunter2" not in lives.shelf.data
    assert lives.live(plaintext=True) == 1


def test_limit_on_files_holds_for_what_is_recalled(lives):
    (lives.root / "reconcile.toml").write_text("[limits]\nmax_files = 2\n")
    lives.live()
    assert sorted(lives.snapshot.desired) == ["thing/a", "thing/b"]


def test_values_come_back_as_they_were(lives):
    values = {"f": 1.0, "i": 1, "t": True, "n": None, "s": "\u00e9\U0001f600", "d": "2024-01-01", "big": 10**30}
    loose = {"type": "object"}
    text = json.dumps(values, ensure_ascii=False)
    (lives.root / "a.yaml").write_text(f"integration: thing\nname: a\nsettings: {text}\n", encoding="utf-8")
    lives.live(loose)
    before = lives.snapshot.get("thing/a").document
    assert lives.live(loose) == 0
    after = lives.snapshot.get("thing/a").document
    assert (after.digest, repr(after.raw)) == (before.digest, repr(before.raw))


def test_form_that_is_kept_carries_all_that_a_file_says():
    """A field that is new here must be kept too, or keep its file from being kept; then `FORMAT` is raised."""
    carried = {"id", "line", "span", "document"}
    empty_where_it_is_kept = {"diagnostics", "persistable", "refused"}
    assert set(Claim.__struct_fields__) == carried | empty_where_it_is_kept
    assert set(FileState.__struct_fields__) == {"claims", "diagnostics", "unreadable", "last"}


def many(lives, number):
    for n in range(number):
        lives.write(f"n{n}")
    lives.live()


def test_shelf_holds_nearly_all_as_long_as_little_has_changed(lives):
    many(lives, 40)
    assert holds_nearly_all(lives.shelf, lives.root)
    lives.write("n7", level=2)
    assert holds_nearly_all(lives.shelf, lives.root)
    for n in range(20):
        lives.write(f"n{n}", level=3)
    assert not holds_nearly_all(lives.shelf, lives.root)


def test_head_that_is_longer_than_a_glance_is_still_read(lives):
    folder = lives.root / "/".join(["x" * 200] * 15)
    folder.mkdir(parents=True)
    for n in range(40):
        (folder / f"{n:0100}.yaml").write_text(f"integration: thing\nname: long{n}\n")
    lives.live()
    assert lives.shelf.data.index(b"\n") > HEAD
    assert not holds_nearly_all(lives.shelf, lives.root)
    assert lives.live() == 0


def test_shelf_does_not_hold_nearly_all_of_another_root_or_of_none(lives, tmp_path):
    many(lives, 40)
    lives.root.rename(tmp_path / "gone")
    assert not holds_nearly_all(lives.shelf, lives.root)
    lives.root.mkdir()
    assert not holds_nearly_all(lives.shelf, lives.root)


@pytest.mark.parametrize(
    "damage", [lambda _: None, *(DAMAGES[name] for name in ("empty", "garbage", "no head", "a deep head"))]
)
def test_damaged_shelf_holds_nothing(lives, damage):
    lives.shelf.data = damage(lives.shelf.data)
    assert not holds_nearly_all(lives.shelf, lives.root)
