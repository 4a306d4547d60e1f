"""A directory on disk, a clock that moves when the test says so, and a validator that knows only names and levels."""

import os

import pytest

from reconciler.config.checked import Checked
from reconciler.config.tree.directory import Directory, Scan
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Diagnostic, Severity
from reconciler.model.json import digest


class Ticks:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def advance(self, seconds):
        self.now += seconds


class NameValidator:
    """Accepts every document with `integration` and `name`, unless it has a key `bad`; counts what it checks."""

    def __init__(self):
        self.checked = []

    def check(self, document, file, bounds=None):
        self.checked.append(file)
        value = document.value
        if not isinstance(value, dict) or not {"integration", "name"} <= value.keys():
            return Checked(None, None, (self._error(document, file, "no id"),), persistable=True)
        config_id = f"{value['integration']}/{value['name']}"
        if "bad" in value:
            return Checked(None, config_id, (self._error(document, file, f"bad {value['bad']}"),), persistable=True)
        if bounds is not None and (found := bounds.breaches(document, file)):
            return Checked(None, config_id, tuple(found), persistable=True)
        return Checked(ConfigDocument(value, digest(value)), config_id, (), persistable=True)

    def installed_since(self):
        return frozenset()

    def forget(self, integration_id):
        pass

    def _error(self, document, file, message):
        return Diagnostic("wrong-type", Severity.ERROR, message, document.span((), file))


class World:
    """A root folder, its Directory, and shorthands for both."""

    def __init__(self, base):
        self.base = base
        self.root = base / "configs"
        self.root.mkdir()
        self.clock = Ticks()
        self.validator = NameValidator()
        self.directory = Directory(self.root, self.validator, clock=self.clock)

    def fresh(self):
        directory = Directory(self.root, NameValidator(), clock=self.clock)
        directory.scan()
        return directory

    def write(self, file, *names, extra=""):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("---\n".join(f"integration: x\nname: {n}\n{extra}" for n in names))
        return path

    def raw(self, file, text):
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def scan(self, folders=None, **kwargs) -> Scan:
        """Scan until nothing is being waited for; `changed`, `moved` and `read` of the parts add up."""
        scan = self.directory.scan(folders, **kwargs)
        changed, moved, read = set(scan.changed), set(scan.moved), scan.read
        for _ in range(10):
            if scan.recheck_in is None:
                break
            self.clock.advance(scan.recheck_in)
            scan = self.directory.scan(())
            changed |= scan.changed
            moved |= scan.moved
            read += scan.read
        assert scan.recheck_in is None
        return Scan(frozenset(changed), scan.root, scan.files, read, None, scan.problems, frozenset(moved))

    def presence(self, config_id):
        return self.directory.snapshot.get(config_id).presence.value

    @property
    def rules(self):
        return [(d.rule, d.span.file) for d in self.directory.snapshot.diagnostics]


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


@pytest.fixture
def as_nobody():
    """Run a function in a child process without root's rights; returns what it returns, as text."""

    def run(function):
        read_end, write_end = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
                answer = str(function())
            except BaseException as error:
                answer = f"{type(error).__name__}: {error}"
            os.write(write_end, answer.encode())
            os._exit(0)
        os.close(write_end)
        with os.fdopen(read_end) as pipe:
            answer = pipe.read()
        os.waitpid(child, 0)
        return answer

    return run


@pytest.fixture
def world_type():
    """The class itself, for tests that need many worlds."""
    return World
