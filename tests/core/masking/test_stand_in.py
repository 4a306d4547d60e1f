"""An exception with a secret in it is told by another that steers alike; one without is the very same."""

import asyncio
import logging
import traceback

import pytest
from pydantic import TypeAdapter

from reconciler.core.masking.nested import masked_within
from reconciler.core.masking.stand_in import without_secrets
from reconciler.model.errors import SecretMissing, TerminalError, TransientError


def masked(text):
    return text.replace("sesame", "***")


class Odd(Exception):
    def __str__(self):
        raise SystemExit("no text")


class Busy(TransientError):
    """Takes what no other takes."""

    def __init__(self, what, seconds):
        super().__init__(f"busy with {what}", retry_after=seconds)


def caught(raising):
    try:
        raising()
    except BaseException as error:
        return error


def told(error):
    return "".join(traceback.format_exception(without_secrets(error, masked)))


@pytest.mark.parametrize("error", [ValueError("open"), KeyError(), Odd("sesame")])
def test_exception_without_a_secret_is_itself(error):
    assert without_secrets(error, masked) is error


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("bad sesame"), "bad ***"),
        (KeyError("sesame"), "'***'"),
        (FileNotFoundError(2, "none", "sesame"), "[Errno 2] none: '***'"),
        (TerminalError("bad sesame"), "bad ***"),
        (SecretMissing("no sesame"), "no ***"),
        (TransientError("bad sesame", retry_after=7), "bad ***"),
        (Busy("sesame", 7), "busy with ***"),
        (SystemExit("bad sesame"), "bad ***"),
        (asyncio.CancelledError("bad sesame"), "bad ***"),
    ],
)
def test_stand_in_is_caught_and_steers_alike(error, text):
    found = without_secrets(error, masked)
    assert found is not error
    assert isinstance(found, type(error))
    assert (type(found).__name__, str(found)) == (type(error).__name__, text)
    assert "sesame" not in f"{found!r}{found.args}"
    assert getattr(found, "retry_after", None) == getattr(error, "retry_after", None)


@pytest.mark.parametrize("base", [TerminalError, RuntimeError])
def test_class_that_nothing_can_be_derived_from_is_stood_for_as_well(base):
    class Last(base):
        def __init_subclass__(cls):
            raise TypeError("the last of its kind")

    found = without_secrets(Last("sesame"), masked)
    assert (type(found).__name__, str(found)) == ("Last", "***")
    assert isinstance(found, TerminalError) is (base is TerminalError)


def test_misfit_of_pydantic_is_told_without_it():
    error = caught(lambda: TypeAdapter(int).validate_python("sesame"))
    assert "input_value='***'" in str(without_secrets(error, masked))


def test_traceback_keeps_its_places():
    def inner():
        raise ValueError("bad " + "sesame")

    text = told(caught(inner))
    assert "in inner" in text
    assert text.endswith("\nValueError: bad ***\n")


def test_causes_contexts_notes_and_groups_are_looked_through():
    secret = "sesame"

    def raising():
        try:
            raise ExceptionGroup(f"all of {secret}", [ValueError(f"one {secret}"), TerminalError("clean")])
        except ExceptionGroup as group:
            group.add_note(f"noted {secret}")
            try:
                raise OSError("cause") from group
            except OSError:
                raise RuntimeError("context")  # noqa: B904 — the context is what is tested

    text = told(caught(raising))
    assert secret not in text.replace('secret = "sesame"', "")
    for part in ("all of ***", "one ***", "clean", "noted ***", "OSError: cause", "RuntimeError: context"):
        assert part in text


def test_chain_that_leads_back_to_itself_ends():
    one, two = ValueError("one sesame"), ValueError("two sesame")
    one.__cause__, two.__cause__ = two, one
    assert "sesame" not in told(one)


@pytest.mark.parametrize("secret_at", [0, 150, 4999])
def test_chain_without_end_is_cut_off(secret_at):
    error = None
    for n in range(5000):
        error, cause = ValueError("sesame" if n == secret_at else "clean"), error
        error.__cause__ = cause
    assert "sesame" not in told(error)
    assert told(error).count("ValueError") <= 100


def test_group_of_many_is_looked_through():
    error = ExceptionGroup("many", [*map(ValueError, range(150)), ValueError("sesame")])
    assert "sesame" not in told(error)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"sesame": ["a sesame", 7, None], "b": ("sesame",)}, {"***": ["a ***", 7, None], "b": ["***"]}),
        ({"at": ValueError("sesame")}, {"at": "***"}),
        (b"sesame", "b'***'"),
    ],
)
def test_values_are_masked_within(value, shown):
    assert masked_within(value, masked) == shown


def test_value_without_a_secret_is_itself():
    value = {"a": [1, "b", {"c": logging}], "d": Odd()}
    assert masked_within(value, masked) is value


def test_value_that_holds_itself_comes_to_an_end():
    value = ["sesame"]
    value.append(value)
    assert "sesame" not in str(masked_within(value, masked))
