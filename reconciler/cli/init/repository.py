"""What a repository needs to keep its integrations as code, compared with what it has. Writes nothing by itself.

A file that is there is never overwritten. Two may be added to, in a way that leaves every line of them: `.gitignore`
and the editor's settings. Where these are not understood, the user is told what to add.
"""

import os
from collections.abc import Iterator, Sequence
from enum import Enum
from pathlib import Path

from msgspec import Struct

from reconciler.cli.init.first_case import MODELINE as TEST_MODELINE
from reconciler.cli.init.first_case import TEST_SCHEMA, render_case
from reconciler.cli.init.jsonc import NotMergeable, with_entry
from reconciler.cli.init.origin import Origin
from reconciler.cli.init.plain_file import link_above, read_plain
from reconciler.cli.init.systems import SYSTEMS, filled, text_for
from reconciler.cli.new_config import MODELINE, SCHEMA_FILE, described, render

_IGNORED = ".reconcile/"
_EXTENSIONS = '{\n  "recommendations": ["redhat.vscode-yaml", "tamasfe.even-better-toml"]\n}\n'
_SETTINGS_SCHEMA = "reconcile.schema.json"
_SHOWN = "it is there already; docs/ci.md of reconcile shows what to add to it"
_DIRECTORY_SETTINGS = """\
# Settings of this directory, for `reconcile validate` and the daemon alike. Two examples:

# [validate]
# strict = true                  # warnings fail

# [[folder]]                     # what the files of a folder must keep to
# path = "team-a/**"
# integrations = ["slack"]
# scope = {team = "a"}
"""


class Step(Enum):
    """What becomes of one file."""

    WRITE = "wrote"
    ADD = "added to"
    KEEP = "kept"
    TELL = "left alone"


class Change(Struct, frozen=True):
    """One file: its path from the root of the repository, what becomes of it, its text if known, and what to say."""

    path: str
    step: Step
    text: str = ""
    note: str = ""


class Wish(Struct, frozen=True):
    """What `init` was asked for. `folder` is where configurations go, from the root, with slashes."""

    folder: str
    config_id: str
    system: str
    origin: Origin
    editor: bool = True
    pre_commit: bool = True
    integrations: Sequence[str] | None = None


def changes(root: Path, wish: Wish) -> Iterator[Change]:
    """Yield every file that the repository needs, in the order in which a reader wants to hear of them."""
    yield from _configuration(root, wish)
    first = f"#:schema ./{_SETTINGS_SCHEMA}\n" if wish.editor else ""
    yield _new(root, f"{wish.folder}/reconcile.toml", f"{first}{_DIRECTORY_SETTINGS}")
    if wish.editor:
        yield from _schemas(root, wish)
        yield _editor_settings(root, wish.folder)
        yield _new(root, ".vscode/extensions.json", _EXTENSIONS)
    if wish.pre_commit:
        yield _named(root, ".pre-commit-config.yaml", _hook(wish), "reconcile-validate", after="repos:\n")
    if wish.system in SYSTEMS:
        text = text_for(wish.system, wish.folder, wish.origin)
        yield _named(root, SYSTEMS[wish.system], text, "reconcile", after="\n" if wish.system == "gitlab" else "")
    yield _ignored(root)


def _new(root: Path, path: str, text: str, note: str = "") -> Change:
    """Return a file that is written where there is none; `note` is said where there is one."""
    if link := link_above(root, path):
        return _left_alone(path, link)
    if not os.path.lexists(root / path):
        return Change(path, Step.WRITE, text)
    if read_plain(root / path) == text:
        return Change(path, Step.KEEP, text, "as it should be")
    return Change(path, Step.KEEP, note=note or "it is there already")


def _named(root: Path, path: str, text: str, sign: str, after: str) -> Change:
    """Return a file that is kept where `sign` is in it; else the user is told to add what follows `after` in `text`."""
    found = _new(root, path, text)
    if found.step is Step.WRITE or sign in (read_plain(root / path) or ""):
        return found
    more = text.partition(after)[2] if after else ""
    return Change(path, Step.TELL, note=f"add this to it yourself:\n{more}".rstrip() if more else _SHOWN)


def _configuration(root: Path, wish: Wish) -> Iterator[Change]:
    """Yield the first configuration and its test cases, where there is none yet."""
    descriptor, name = described(wish.config_id, wish.integrations)
    if link := link_above(root, f"{wish.folder}/_"):
        yield _left_alone(wish.folder, link)
        return
    text, cases = render(descriptor, name), render_case(descriptor, name)
    if wish.editor:
        text, cases = f"{MODELINE}\n{text}", f"{TEST_MODELINE}\n{cases}"
    first = [
        _new(root, f"{wish.folder}/{descriptor.id}/{name}.yaml", text),
        _new(root, f"{wish.folder}/{descriptor.id}/{name}.test.yaml", cases),
    ]
    there = next((p for p in (root / wish.folder).rglob("*.y*ml") if p.suffix in {".yaml", ".yml"}), None)
    if there is not None and not all(change.text and change.step is Step.KEEP for change in first):
        yield Change(wish.folder, Step.KEEP, note="it has configurations")
        return
    yield from first


def _schemas(root: Path, wish: Wish) -> Iterator[Change]:
    from reconciler.compose.catalogue import build_catalogue
    from reconciler.config.cases.schema import cases_bundle
    from reconciler.config.schemas.bundle import build_bundle, in_draft_07
    from reconciler.config.tree.settings import settings_schema
    from reconciler.report.findings.json_report import render_json

    known = {
        SCHEMA_FILE: ("", build_bundle(build_catalogue(wish.integrations))),
        TEST_SCHEMA: ("--tests ", cases_bundle()),
        _SETTINGS_SCHEMA: ("--toml ", in_draft_07(settings_schema())),
    }
    for name, (flag, schema) in known.items():
        path = f"{wish.folder}/{name}"
        yield _new(root, path, render_json(schema), f"write it anew with `reconcile schema {flag}-o {path}`")


def _editor_settings(root: Path, folder: str) -> Change:
    path = ".vscode/settings.json"
    if link := link_above(root, path):
        return _left_alone(path, link)
    configs = [f"{folder}/**/*.yaml", f"{folder}/**/*.yml", f"!{folder}/**/_*", f"!{folder}/**/*.test.y*ml"]
    tests = [f"{folder}/**/*.test.yaml", f"{folder}/**/*.test.yml"]
    wanted = {f"{folder}/{SCHEMA_FILE}": configs, f"{folder}/{TEST_SCHEMA}": tests}
    there = os.path.lexists(root / path)
    before = read_plain(root / path) if there else ""
    text = before
    try:
        for schema, files in wanted.items():
            text = None if text is None else with_entry(text, ("yaml.schemas", schema), files)
    except NotMergeable:
        text = None
    if text is None:
        told = with_entry("", ("yaml.schemas",), wanted).rstrip()
        return Change(path, Step.TELL, note=f"add this to it yourself:\n{told}")
    if text == before:
        return Change(path, Step.KEEP, note="as it should be")
    return Change(path, Step.ADD if there else Step.WRITE, text)


def _hook(wish: Wish) -> str:
    text = filled("pre-commit", wish.folder, wish.origin)
    if wish.folder == "configs":
        return text
    return f"{text}        files: ^{wish.folder.replace('.', '[.]')}/\n        args: [{wish.folder}]\n"


def _ignored(root: Path) -> Change:
    path = ".gitignore"
    if not os.path.lexists(root / path):
        return Change(path, Step.WRITE, f"{_IGNORED}\n")
    before = read_plain(root / path)
    if before is None:
        return Change(path, Step.TELL, note=f"add the line {_IGNORED} to it yourself")
    if {_IGNORED, _IGNORED.rstrip("/"), f"/{_IGNORED}", f"/{_IGNORED}".rstrip("/")} & set(before.split()):
        return Change(path, Step.KEEP, note="as it should be")
    return Change(path, Step.ADD, f"{before}{'' if before.endswith(chr(10)) or not before else chr(10)}{_IGNORED}\n")


def _left_alone(path: str, link: str) -> Change:
    return Change(path, Step.TELL, note=f"{link} is a link, and nothing is written behind one")
