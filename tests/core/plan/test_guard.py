"""The mass-removal guard."""

import pytest

from reconciler.core.plan.guard import PruneLimit, judge


def ids(count, integration="slack"):
    return {f"{integration}/c{i:03d}" for i in range(count)}


@pytest.mark.parametrize(
    ("what", "asked", "removed", "present", "held"),
    [
        ("emptying a root of three is normal", ids(3), {}, {}, 0),
        ("emptying a root of four is held", ids(4), {}, {}, 4),
        ("a tenth of a hundred is normal", ids(10), {}, {"slack": 90}, 0),
        ("more than a tenth is held", ids(11), {}, {"slack": 89}, 11),
        (
            "removals carried out lately count",
            ids(2),
            dict.fromkeys(ids(10, "slack") - ids(2), 100.0),
            {"slack": 20},
            2,
        ),
        ("old removals do not count", ids(2), dict.fromkeys(ids(10) - ids(2), -1000.0), {"slack": 20}, 0),
        ("many small integrations add up", {f"i{n}/a" for n in range(20)}, {}, {f"i{n}": 3 for n in range(20)}, 20),
    ],
)
def test_removals(what, asked, removed, present, held):
    assert len(judge(asked, removed, present, PruneLimit(), 100.0).held) == held, what


def test_only_the_integration_that_loses_too_many_is_held():
    asked = ids(8, "mail") | ids(1, "slack")
    present = {"mail": 2, "slack": 200}
    assert judge(asked, {}, present, PruneLimit(), 0.0).held == ids(8, "mail")


def test_hundred_percent_switches_it_off():
    assert not judge(ids(500), {}, {}, PruneLimit.parse("100%"), 0.0).held


@pytest.mark.parametrize("text", ["", "ten", "-1", "101%", "1.5", "nan%", "%"])
def test_nonsense_limit_is_refused(text):
    with pytest.raises(ValueError, match="prune limit"):
        PruneLimit.parse(text)
