"""How long something took, as people read it."""

import pytest

from reconciler.model.duration import brief_duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1.0, "0ms"), (0.0, "0ms"), (0.0804, "80ms"), (0.9994, "999ms"), (0.9996, "1s"), (1.365, "1.4s"), (25.0, "25s"),
        (59.94, "59.9s"), (59.96, "1m"), (125.4, "2m5s"), (3600.0, "1h"),
    ],
)  # fmt: skip
def test_duration_is_told_as_exactly_as_anybody_cares_for(seconds, text):
    assert brief_duration(seconds) == text
