"""The quick path of `validate` and Typer's command read the same arguments alike: one table of options, held together."""

import inspect

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cli import validate as verb
from reconciler.cli.options import DAEMON, VALIDATE
from reconciler.cli.quick import parse_validate, parse_watch
from reconciler.cli.tree import build
from reconciler.cli.verbs.validate import app

COMMAND = typer.main.get_command(app)


def by_typer(arguments):
    values = dict(COMMAND.make_context("validate", list(arguments)).params)
    values["paths"] = list(values["paths"] or ())
    for option in VALIDATE:
        if option.kind == "list":  # Typer hands an empty one to the verb as None
            values[option.name] = list(values[option.name] or ()) or None
    return values


PLAIN = [
    [],
    ["a.yaml", "b"],
    ["--strict", "a"],
    ["--no-strict"],
    ["--format", "text,json=x.json", "configs"],
    ["--format=json"],
    ["--jobs", "4", "--jobs=2"],
    ["--dir", "x", "--secrets-dir", "y", "--integrations", "a,b", "--allow-plaintext-secrets"],
    ["--", "--strict", "-x"],
    ["a", "--", "b"],
    ["-", "--stdin-filename", "x.yaml"],
    ["--select", "a,b", "--select=c", "--ignore", "d"],
]
ODD = [
    ["--help"],
    ["--nope"],
    ["--jobs", "x"],
    ["--jobs", "-1"],
    ["--jobs"],
    ["-j", "2"],
    ["--strict=1"],
    ["--form", "x"],
]


@pytest.mark.parametrize("arguments", PLAIN, ids=" ".join)
def test_plain_arguments_read_as_typer_reads_them(arguments):
    assert parse_validate(arguments, {}) == by_typer(arguments)


@pytest.mark.parametrize("arguments", ODD, ids=" ".join)
def test_anything_else_is_left_to_typer(arguments):
    assert parse_validate(arguments, {}) is None


@given(
    st.lists(
        st.sampled_from(
            [
                "a",
                "--",
                "-j",
                "3",
                "--jobs",
                "--jobs=4",
                "--strict",
                "--no-strict",
                "--format",
                "--dir=",
                "-h",
                "",
                "-",
                "--select",
                "--ignore=x",
            ]
        )
    )
)
def test_quick_path_never_disagrees(arguments):
    quick = parse_validate(arguments, {})
    assert quick is None or quick == by_typer(arguments)


@pytest.mark.parametrize(
    "environ",
    [
        {"RECONCILE_DIR": "d", "RECONCILE_JOBS": "3", "RECONCILE_STRICT": "yes"},
        {"RECONCILE_STRICT": "0", "RECONCILE_FORMAT": "", "RECONCILE_IGNORE": "a,b c"},
        {"RECONCILE_INTEGRATIONS": "slack", "RECONCILE_SECRETS_DIR": "/s", "RECONCILE_ALLOW_PLAINTEXT_SECRETS": "true"},
    ],
)
@pytest.mark.parametrize("arguments", [[], ["--no-strict", "--jobs", "1", "--dir", "e", "--ignore", "z"]])
def test_environment_reads_as_typer_reads_it(environ, arguments, monkeypatch):
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert parse_validate(arguments, environ) == by_typer(arguments)


@pytest.mark.parametrize("name", ["RECONCILE_STRICT", "RECONCILE_JOBS"])
def test_odd_environment_is_left_to_typer(name):
    assert parse_validate([], {name: "perhaps"}) is None


def test_table_names_every_parameter():
    named = {option.name for option in VALIDATE} | {"paths"}
    assert named == {p.name for p in COMMAND.params} == set(inspect.signature(verb.validate).parameters)
    assert {option.name for option in DAEMON} == {p.name for p in build().params} - {
        "version",
        "install_completion",
        "show_completion",
    }


def daemon_by_typer(arguments):
    values = dict(build().make_context("reconcile", list(arguments)).params)
    assert values.pop("watch")
    return {
        name: list(value) if isinstance(value, tuple) else value for name, value in values.items() if name != "version"
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["--watch"],
        ["-w"],
        ["--watch", "--dir", "x", "--state-dir=y", "--listen", "127.0.0.1:1", "--grace", "3s", "--prune-limit=100%"],
        ["--allow-network", "10.0.0.0/8", "--watch", "--allow-network=fd00::/8", "--allowed-host", "a"],
        ["--standby", "--watch", "--no-standby", "--log-format", "json", "--log-level", "debug"],
        ["--watch", "--integrations", "a,b", "--secrets-dir", "s", "--allow-plaintext-secrets", "--token-file", "t"],
    ],
    ids=" ".join,
)
def test_plain_daemon_reads_as_typer_reads_it(arguments):
    assert {n: v or None for n, v in parse_watch(arguments, {}).items()} == {
        n: v or None for n, v in daemon_by_typer(arguments).items()
    }


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["status", "--watch"],
        ["--watch", "status"],
        ["--watch", "--help"],
        ["--watch", "--nope"],
        ["--watch=1"],
    ],
    ids=" ".join,
)
def test_any_other_daemon_is_left_to_typer(arguments):
    assert parse_watch(arguments, {}) is None


def test_environment_of_the_daemon_reads_as_typer_reads_it(monkeypatch):
    environ = {"RECONCILE_ALLOW_NETWORK": "10.0.0.0/8 fd00::/8", "RECONCILE_DIR": "here", "RECONCILE_STANDBY": "1"}
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert {n: v or None for n, v in parse_watch(["--watch"], environ).items()} == {
        n: v or None for n, v in daemon_by_typer(["--watch"]).items()
    }
