"""References resolve to values that show themselves nowhere, from where they may and from nowhere else."""

import os
import pickle
import socket

import pytest

from reconciler.config.secret_sources import MAX_BYTES, FileProvider
from reconciler.config.secrets import SecretResolver
from reconciler.model.errors import SecretForbidden, SecretMissing, TerminalError
from reconciler.model.secret import Secret, SecretRef

VALUE = "hunter2hunter2"


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "secrets"
    made.mkdir()
    return made


@pytest.fixture
def resolver(folder):
    return SecretResolver(folder, {"TOKEN": VALUE, "EMPTY": "", "ODD": "\udcff", "RECONCILE_TOKEN": "x"})


def resolve(resolver, uri, schema=None, **more):
    return resolver.resolve({"x": {"secret": uri, **more}}, schema)


@pytest.mark.parametrize("content", [b"value", b"value\n", b"value\r\n"])
def test_file_gives_its_content_without_the_last_line_feed(resolver, folder, content):
    (folder / "slack").mkdir()
    (folder / "slack" / "token").write_bytes(content)
    assert resolve(resolver, "file:slack/token").settings == {"x": Secret("value")}


def test_other_line_feeds_belong_to_the_value(resolver, folder):
    (folder / "key").write_bytes(b"\na\n\n")
    assert resolve(resolver, "file:key").settings["x"].reveal() == "\na\n"


def test_links_inside_are_followed(resolver, folder):
    (folder / "..2026").mkdir()
    (folder / "..2026" / "token").write_text(VALUE)
    (folder / "..data").symlink_to("..2026")
    (folder / "token").symlink_to("..data/token")
    assert resolve(resolver, "file:token").settings["x"].reveal() == VALUE


def test_folder_may_itself_be_a_link(folder, tmp_path):
    (folder / "a").write_text(VALUE)
    (tmp_path / "link").symlink_to(folder)
    assert FileProvider(tmp_path / "link").resolve("a") == VALUE


def test_links_that_lead_out_are_forbidden(resolver, folder, tmp_path):
    (tmp_path / "outside").write_text(VALUE)
    (folder / "out").symlink_to("../outside")
    with pytest.raises(SecretForbidden, match="leads out"):
        resolve(resolver, "file:out")


def _folder(path):
    path.mkdir()


def _loop(path):
    path.symlink_to(path.name)


def _huge(path):
    path.write_bytes(b"x" * (MAX_BYTES + 1))


def _bytes(path):
    path.write_bytes(b"\xff\xfe")


def _socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


@pytest.mark.parametrize(
    "make",
    [lambda _: None, _folder, _loop, _huge, _bytes, os.mkfifo, _socket],
    ids=["missing", "folder", "loop", "huge", "bytes", "fifo", "socket"],
)
def test_what_is_no_readable_text_file_is_missing(resolver, folder, make):
    make(folder / "x")
    with pytest.raises(SecretMissing, match="file:x"):
        resolve(resolver, "file:x")


@pytest.mark.parametrize("uri", ["env:NOTHING", "env:ODD"])
def test_variable_that_is_not_there_is_missing(resolver, uri):
    with pytest.raises(SecretMissing):
        resolve(resolver, uri)


@pytest.mark.parametrize(
    "uri",
    [
        "env:RECONCILE_TOKEN",
        "env:reconcile_token",
        "env:A B",
        "env:1A",
        "file:../x",
        "file:/etc/passwd",
        "file:a/../../b",
        "file:a\nb",
        "vault:x",
        "ENV:TOKEN",
    ],
)
def test_reference_that_can_never_resolve_is_told_and_forbidden(resolver, uri):
    ref = SecretRef.parse({"secret": uri})
    problem = resolver.check(ref)
    assert problem and ref.path not in problem
    with pytest.raises(SecretForbidden):
        resolve(resolver, uri)


def test_format_surrounds_the_value(resolver):
    assert resolve(resolver, "env:TOKEN", format="Bearer {}").settings["x"].reveal() == f"Bearer {VALUE}"


def test_braces_of_the_value_are_not_a_format(folder):
    found = SecretResolver(folder, {"T": "{}{0}"}).resolve({"x": {"secret": "env:T", "format": "a{}b"}}, None)
    assert found.settings["x"].reveal() == "a{}{0}b"


def test_references_inside_are_resolved_and_nothing_else_changes(resolver):
    settings = {
        "a": [1, {"b": {"secret": "env:TOKEN"}}],
        "c": {"secret": "no reference"},
        "d": {"secret": {"secret": "env:EMPTY"}},
    }
    found = resolver.resolve(settings, None)
    assert found.settings == {
        "a": [1, {"b": Secret(VALUE)}],
        "c": {"secret": "no reference"},
        "d": {"secret": Secret("")},
    }
    assert found.refs == ("env:TOKEN", "env:EMPTY")
    assert VALUE not in repr(found)


SCHEMA = {"properties": {"x": {"type": "string", "writeOnly": True, "pattern": "^tok-"}, "y": {"type": "integer"}}}


def test_value_that_does_not_fit_is_terminal_and_not_shown(resolver):
    with pytest.raises(TerminalError, match=r"settings\.x \(env:TOKEN\)") as caught:
        resolve(resolver, "env:TOKEN", SCHEMA)
    assert VALUE not in str(caught.value)
    assert caught.value.__cause__ is None


def test_value_that_fits_passes(resolver):
    assert resolve(resolver, "env:TOKEN", SCHEMA, format="tok-{}").settings["x"].reveal() == f"tok-{VALUE}"


def test_value_is_judged_by_the_branch_it_stands_in(resolver):
    branch = {"required": ["kind"], "type": "object"}
    schema = {"properties": {"x": {"oneOf": [
        {**branch, "properties": {"kind": {"const": "a"}, "key": {"type": "string", "maxLength": 3, "writeOnly": True}}},
        {**branch, "properties": {"kind": {"const": "b"}, "key": {"type": "string", "writeOnly": True}}},
    ]}}}  # fmt: skip
    key = {"secret": "env:TOKEN"}
    assert resolver.resolve({"x": {"kind": "b", "key": key}}, schema).refs == ("env:TOKEN",)
    with pytest.raises(TerminalError):
        resolver.resolve({"x": {"kind": "a", "key": key}}, schema)


def test_places_differ_when_a_value_does_and_show_none(folder):
    environ = {"A": VALUE, "B": "other"}
    resolver = SecretResolver(folder, environ)
    settings = {"x": {"secret": "env:A"}, "y": [{"secret": "env:B"}]}
    before = resolver.resolve(settings, None).places
    assert [path for path, _ in before] == [("x",), ("y", 0)]
    assert VALUE not in repr(before)
    assert resolver.resolve(settings, None).places == before
    environ["A"], environ["B"] = environ["B"], environ["A"]
    assert resolver.resolve(settings, None).places != before


class Vault:
    def check(self, path):
        return None if path.startswith("kv/") else "it has to begin with kv/"

    def resolve(self, path):
        return f"value of {path}"


def test_providers_are_added_by_scheme(folder):
    resolver = SecretResolver(folder, {}, {"vault": Vault()})
    assert resolver.schemes == ["env", "file", "vault"]
    assert resolve(resolver, "vault:kv/a").settings["x"].reveal() == "value of kv/a"
    assert "begin with kv/" in resolver.check(SecretRef("vault", "x"))


def test_environment_does_not_travel(folder):
    sent = pickle.dumps(SecretResolver(folder, os.environ | {"TOKEN": VALUE}))
    assert VALUE.encode() not in sent
    assert pickle.loads(sent).schemes == ["env", "file"]


def test_what_is_outside_of_memory_is_named_once_and_not_looked_up_again(resolver):
    settings = {"x": [{"secret": "file:gone"}, {"secret": "env:TOKEN"}], "y": {"secret": "file:gone", "format": "<{}>"}}
    assert [ref.uri for ref in resolver.outside(settings)] == ["file:gone"]
    found = resolver.resolve(settings, None, {"file:gone": "here"})
    assert [secret.reveal() for _, secret in found.places] == ["here", VALUE, "<here>"]


def test_many_resolve_as_each_does_by_itself(resolver):
    many = [
        {},
        {"x": [1, {"secret": "env:TOKEN", "format": "Bearer {}"}], "y": {"z": "a"}},
        {"x": {"secret": "env:TOKEN"}},
    ]
    assert resolver.resolve_many(many, None) == [resolver.resolve(settings, None) for settings in many]


@pytest.mark.parametrize(
    "odd",
    [
        [{"secret": "env:TOKEN"}, {"secret": "file:token"}],
        {"secret": "env:NONE"},
        {"secret": "env:RECONCILE_X"},
        {"a": 1},
    ],
)
def test_one_of_many_that_needs_a_closer_look_is_left_out(resolver, folder, odd):
    (folder / "token").write_text(VALUE)
    schema = {"properties": {"a": {"type": ["string", "array"]}}}
    settings = {"a": odd, "b": {"secret": "env:TOKEN"}}
    found = resolver.resolve_many([{"a": "x"}, settings, {"a": {"secret": "env:TOKEN"}}], schema)
    assert [one is None for one in found] == [False, True, False]
