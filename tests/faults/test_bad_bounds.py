"""Input that is built to take long: each ends within a bound of time, with an answer that says what is the matter."""

import time

import pytest

from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.config.tree.index import Index
from reconciler.config.tree.snapshot import Claim, FileState
from reconciler.model.config import ConfigDocument
from reconciler.model.diagnostic import Span

LIMIT = 10.0
"""Seconds of the processor, whatever else the machine does; most take a twentieth of that."""
WRONG = "integration: slow\nname: a\nsettings: {x: 1, y: {a: 1}, z: [1, 2]}\n"


@pytest.fixture
def validate(tmp_path):
    root = tmp_path / "configs"
    root.mkdir()

    def call(text):
        (root / "a.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())
        start = time.process_time()
        result = validate_paths([root], RunOptions(jobs=1))
        assert time.process_time() - start < LIMIT
        return result.diagnostics

    return call


def chain(length, end):
    links = {f"a{i}": {"$ref": f"#/$defs/a{i + 1}"} for i in range(length)}
    return {"properties": {"x": {"$ref": "#/$defs/a0"}}, "$defs": {**links, f"a{length}": end}}


def test_chain_of_a_hundred_references_says_what_stands_at_its_end(site, validate):
    site.add("slow", chain(100, {"type": "string"}))
    (found,) = validate(WRONG)
    assert (found.rule, found.path) == ("wrong-type", ("settings", "x"))
    assert found.message.startswith("`settings.x`: expected a string")


def test_two_hundred_branches_are_told_as_one(site, validate):
    branches = [
        {"type": "object", "required": ["kind"], "properties": {"kind": {"const": f"k{i}"}, "n": {"type": "integer"}}}
        for i in range(200)
    ]
    site.add("slow", {"properties": {"x": {"anyOf": branches}}})
    (found,) = validate("integration: slow\nname: a\nsettings: {x: {kind: k77, n: many}}\n")
    assert (found.rule, found.path) == ("wrong-type", ("settings", "x", "n"))


def test_two_hundred_branches_of_constants_name_the_nearest(site, validate):
    branches = [{"type": "object", "properties": {"kind": {"const": f"kind-{i}"}}} for i in range(200)]
    site.add("slow", {"properties": {"x": {"oneOf": branches}}})
    (found,) = validate("integration: slow\nname: a\nsettings: {x: {kind: kind-1999}}\n")
    assert found.path == ("settings", "x", "kind")
    assert "did you mean `kind-19" in found.help and len(found.message) < 1000


def test_branches_within_branches_end(site, validate):
    deep = {"type": "integer"}
    for _ in range(12):
        deep = {"anyOf": [{"type": "object", "properties": {"n": deep}, "required": ["n"]}, {"type": "boolean"}]}
    site.add("slow", {"properties": {"x": deep}})
    assert [found.rule for found in validate("integration: slow\nname: a\nsettings: {x: [1]}\n")] == ["wrong-type"]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(([a-z])+.)+[A-Z]([a-z])+$", "(x+x+)+y"])
def test_pattern_that_backtracks_is_named_or_judged(site, validate, pattern):
    site.add("slow", {"properties": {"x": {"type": "string", "pattern": pattern}}})
    text = ("x" if pattern.startswith("(x") else "a") * 5000 + "!"
    (found,) = validate(f"integration: slow\nname: a\nsettings: {{x: {text}}}\n")
    assert found.rule in {"validation-limit", "invalid-value"} and found.path == ("settings", "x")


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$"])
def test_pattern_for_keys_that_backtracks_ends(site, validate, pattern):
    site.add("slow", {"patternProperties": {pattern: {"type": "integer"}}, "additionalProperties": False})
    assert validate(f"integration: slow\nname: a\nsettings: {{{'a' * 900}!: 1}}\n")


def full(start, line, end=""):
    """Return a file of exactly 1 MiB."""
    size = (1 << 20) - len(start) - len(end)
    return (start + (line * (size // len(line) + 1))[: size - 1] + "\n" + end).encode()


HEAD = "integration: console\nname: a\n"


@pytest.mark.parametrize(
    "data",
    [
        full(HEAD, "#" * 99 + "\n"),
        full(HEAD + "description: |\n", "  " + "x" * 97 + "\n"),
        full(HEAD + 'description: "', "\\u0041"),
        full(HEAD, "k: {a: [1, 2], b: yes}\n"),
        full(HEAD + "labels:\n", "  unknown-key: yes\n"),
        full("", "a: [\n---\n"),
        full("", "- "),
        full("", "["),
        full("", "{{ a }} "),
        full("k: ", "token: "),
        full("", "\t"),
        full("", "? "),
        full("a: &a ", "[*a, "),
        full("", "%TAG ! a\n"),
        full("", "é" * 40 + "\n"),
    ],
    ids=lambda data: ascii(data[-40:-20].decode("utf-8", "replace"))[:24],
)
def test_file_of_a_mebibyte_is_answered(validate, data):
    found = validate(data[: 1 << 20])
    assert len(found) < 100_000
    assert all(one.help for one in found)


def test_thousands_of_documents_of_one_id_are_answered(validate):
    found = validate("integration: console\nname: a\n---\n" * 4000)
    assert {one.rule for one in found} == {"duplicate-id"}
    assert len(found) == 4000 and all(len(one.related) <= 20 for one in found)


@pytest.mark.parametrize("name", ["a", "a{}"], ids=["of one id", "each of its own"])
def test_many_documents_of_a_file_are_indexed_in_one_walk(name):
    """Half a minute if each of them walked through all the others."""
    ids = ["console/" + name.format(number) for number in range(40_000)]
    document = ConfigDocument({}, "d")
    index = Index()
    began = time.process_time()
    index.put(
        "a.yaml", FileState(tuple(Claim(one, line, Span("a.yaml", line), document) for line, one in enumerate(ids)))
    )
    changed, _ = index.commit()
    assert changed == set(ids)
    assert time.process_time() - began < LIMIT
