"""Reads the arguments of `validate` and of the daemon without Typer: importing that takes as long as a hundred files.

It only knows the plain cases. For anything else, a mistake or `--help` among them, it answers None and Typer decides:
messages and meanings have one home. A test holds the two together over the same table of options.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cli.options import DAEMON, VALIDATE, WATCH, Opt

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})
_FALSE = frozenset({"0", "false", "f", "no", "n", "off"})


class NotPlain(Exception):
    """The arguments are beyond the quick path."""


def parse_validate(arguments: Sequence[str], environ: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the values of `validate`'s parameters by name, or None where Typer has to decide."""
    try:
        values = {option.name: _default(option, environ) for option in VALIDATE}
        given: dict[str, Any] = {}
        paths = _read(list(arguments), VALIDATE, given)
    except NotPlain:
        return None
    return {**values, **given, "paths": paths}


def parse_watch(arguments: Sequence[str], environ: Mapping[str, str]) -> dict[str, Any] | None:
    """Return the values of the daemon's parameters by name, or None where Typer has to decide."""
    try:
        values = {option.name: _default(option, environ) for option in DAEMON}
        given: dict[str, Any] = {}
        verbs = _read(list(arguments), DAEMON, given)
    except NotPlain:
        return None
    values |= given
    return None if verbs or not values.pop(WATCH.name) else values


def _read(arguments: list[str], options: Sequence[Opt], given: dict[str, Any]) -> list[str]:
    paths: list[str] = []
    arguments.reverse()
    while arguments:
        argument = arguments.pop()
        if argument == "--":
            return paths + arguments[::-1]
        if argument.startswith("-") and argument != "-":
            _option(argument, arguments, options, given)
        else:
            paths.append(argument)
    return paths


def _option(argument: str, rest: list[str], options: Sequence[Opt], given: dict[str, Any]) -> None:
    flag, equals, value = argument.partition("=")
    for option in options:
        if option.kind == "flag" and not equals and flag in (*option.flags, option.off):
            given[option.name] = flag != option.off
            return
        if option.kind != "flag" and flag in option.flags and flag.startswith("--"):
            if not equals and (not rest or rest[-1].startswith("-")):
                raise NotPlain
            found = _value(option, value if equals else rest.pop())
            given[option.name] = [*given.get(option.name, ()), found] if option.kind == "list" else found
            return
    raise NotPlain


def _default(option: Opt, environ: Mapping[str, str]) -> Any:
    text = environ.get(option.env or "", "")
    if not text:
        return option.default
    return text.split() if option.kind == "list" else _value(option, text)


def _value(option: Opt, text: str) -> Any:
    if option.kind == "flag":
        if text.lower() not in _TRUE | _FALSE:
            raise NotPlain
        return text.lower() in _TRUE
    if option.kind == "number":
        if not (text.isascii() and text.isdigit()):
            raise NotPlain
        return int(text)
    return text
