"""Laws of the one retry policy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.core.backoff import Backoff

BACKOFFS = st.builds(
    lambda base, factor, more: Backoff(base, factor, base * more),
    st.floats(1e-6, 1e6),
    st.floats(1.0, 1e300),
    st.floats(1.0, 1e6),
)
ATTEMPTS = st.integers(1, 10**6)


@given(BACKOFFS, st.integers(-1, 10**18), st.floats(0, 1, exclude_max=True))
def test_delay_is_never_negative_and_never_above_the_limit(backoff, attempt, random):
    assert 0 <= backoff.delay(attempt, random) <= backoff.limit


@given(BACKOFFS, ATTEMPTS)
def test_ceiling_never_shrinks(backoff, attempt):
    assert backoff.ceiling(attempt) <= backoff.ceiling(attempt + 1)


@given(BACKOFFS, ATTEMPTS, st.floats(0, 0.999), st.floats(0, 0.999))
def test_jitter_covers_everything_below_the_ceiling(backoff, attempt, low, high):
    low, high = sorted((low, high))
    assert backoff.delay(attempt, low) <= backoff.delay(attempt, high)
    assert backoff.delay(attempt, 0.0) == 0


@given(BACKOFFS)
def test_first_ceiling_is_the_base(backoff):
    assert backoff.ceiling(1) == backoff.base


def test_default_doubles_to_five_minutes():
    assert [Backoff().ceiling(n) for n in (1, 2, 3, 9, 10, 10**6)] == [1, 2, 4, 256, 300, 300]


@pytest.mark.parametrize("wrong", [(0, 2, 300), (1, 0.5, 300), (2, 2, 1), (1, 2, float("inf")), (1, float("nan"), 3)])
def test_impossible_policy_is_refused(wrong):
    with pytest.raises(ValueError, match="backoff"):
        Backoff(*wrong)
