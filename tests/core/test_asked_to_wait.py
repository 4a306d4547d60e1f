"""What an error's wish to be left alone comes to: seconds as a number or a text, a date, and nothing else."""

import math

import pytest

from reconciler.core.retry_after import LONGEST_WAIT, asked_to_wait
from reconciler.model.errors import TerminalError, TransientError

NOW = 784111777.0
"""Sun, 06 Nov 1994 08:49:37 GMT."""


class Forgetful(TransientError):
    """Its author has forgotten to call `super().__init__`."""

    def __init__(self):
        pass


@pytest.mark.parametrize(
    ("wish", "seconds"),
    [
        (42, 42.0),
        ("42", 42.0),
        (" 1.5 ", 1.5),
        ("9" * 30, LONGEST_WAIT),
        (math.inf, LONGEST_WAIT),
        ("Sun, 06 Nov 1994 08:50:37 GMT", 60.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", None),
        ("Sun, 06 Nov 99999999999999999999 08:49:37 GMT", None),
        ("soon", None),
        ("-1", None),
        ("nan", None),
        (math.nan, None),
        (0, None),
        (10**400, None),
        ([], None),
        (None, None),
    ],
)
def test_wish_is_so_many_seconds_or_none(wish, seconds):
    assert asked_to_wait(TransientError("busy", retry_after=wish), NOW) == seconds


@pytest.mark.parametrize("error", [Forgetful(), TerminalError("no"), OSError("no")])
def test_error_without_a_wish_asks_for_nothing(error):
    assert asked_to_wait(error, NOW) is None
