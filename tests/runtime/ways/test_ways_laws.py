"""The laws of two ways: what is done for many at once is what is done one by one, what is recalled is what is read.

For a long run: `WAYS_EXAMPLES=500 pytest tests/runtime/ways`.
"""

import os
import random
import sys

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from ways_stage import Stage
from ways_stories import crowd, stories
from ways_told import differences

LONG = int(os.environ.get("WAYS_EXAMPLES", "0"))
examples = settings(
    max_examples=LONG or 10,
    derandomize=not LONG,
    deadline=None,
    database=None,
    phases=(Phase.generate, Phase.shrink) if LONG else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200 if LONG else 60)]
CROWD = [("restart", {"crowd.yaml": crowd(300)}), ("restart", {}), ("edit", {"more.yaml": crowd(310)[300:]})]


@pytest.fixture(scope="module", autouse=True)
def environment():
    """One secret that is there, and one that is not; what is tried again is due at no random time."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WAYS_THERE", "hunter2-there")
        patch.delenv("WAYS_GONE", raising=False)
        patch.setattr(random, "random", lambda: 0.75)
        yield


def hold_together(story, *stages):
    """All of them tell the same of each chapter."""
    first, *others = [stage.live(story) for stage in stages]
    for other in others:
        for chapter, here, there in zip(story, first, other, strict=True):
            found = list(differences(here, there))
            assert found == [], chapter


@given(story=stories)
@examples
def test_many_at_once_come_to_what_one_by_one_comes_to(story):
    hold_together(story, Stage(), Stage(together_from=sys.maxsize))


@given(story=stories)
@examples
def test_what_is_recalled_or_read_ahead_comes_to_what_is_read(story):
    hold_together(story, Stage(), Stage(keeps=False), Stage(keeps=False, ahead=True))


def test_ways_of_the_stages_are_different_ones():
    many, each, reading, ahead = stages = (
        Stage(),
        Stage(together_from=sys.maxsize),
        Stage(keeps=False),
        Stage(keeps=False, ahead=True),
    )
    hold_together(CROWD, *stages)
    assert (many.most > 100, each.most) == (True, 1)
    assert [stage.read for stage in (many, reading, ahead)] == [[1, 0], [1, 1], [0, 0]]
