"""Fallbacks between documents: what is said of each, where, and of which others."""

import pytest

from reconciler.config.checks.fallbacks import wrong_fallbacks
from reconciler.model.diagnostic import Severity, Span


def found(fallbacks, *known, disabled=()):
    """Return the findings about `{id: fallback}`; each stands on a line of its own."""
    named = [(config_id, fallback, "f", line) for line, (config_id, fallback) in enumerate(fallbacks.items(), 1)]
    return list(wrong_fallbacks(named, [*fallbacks, *known], disabled, lambda file, line, _path: Span(file, line)))


def test_fallback_that_is_configured_is_fine():
    assert found({"chat/a": "mail/oncall"}, "mail/oncall") == []


def test_fallback_that_is_not_configured_has_the_nearest_name():
    (one,) = found({"chat/a": "mail/oncal"}, "mail/oncall")
    assert (one.rule, one.severity) == ("dangling-fallback", Severity.WARNING)
    assert "mail/oncall" in one.help and one.span.line == 1


def test_fallback_to_itself_is_a_warning():
    (one,) = found({"chat/a": "chat/a"})
    assert one.rule == "dangling-fallback" and "itself" in one.message


def test_fallback_to_what_is_disabled_is_a_warning():
    (one,) = found({"chat/a": "mail/b"}, "mail/b", disabled={"mail/b"})
    assert one.rule == "disabled-fallback" and "`mail/b`, which is disabled" in one.message


def test_fallback_of_what_is_disabled_may_be_disabled():
    assert found({"chat/a": "mail/b"}, "mail/b", disabled={"mail/b", "chat/a"}) == []


def test_circle_is_told_at_each_place_with_the_others():
    fallbacks = {"x/z": "x/a", "x/a": "x/b", "x/b": "x/c", "x/c": "x/a"}
    circle = found(fallbacks)
    assert [(one.rule, one.span.line) for one in circle] == [("fallback-cycle", line) for line in (2, 3, 4)]
    assert {one.message for one in circle} == {"the fallbacks lead in a circle: x/a → x/b → x/c → x/a"}
    assert [related.span.line for related in circle[0].related] == [3, 4]


@pytest.mark.parametrize("size", [2, 300])
def test_chain_that_ends_is_no_circle(size):
    assert found({f"x/a{i}": f"x/a{i + 1}" for i in range(size)}, f"x/a{size}") == []


def test_large_circle_is_told_in_bounds():
    circle = found({f"x/a{i}": f"x/a{(i + 1) % 100}" for i in range(100)})
    assert len(circle) == 100 and len(circle[0].message) < 200 and len(circle[0].related) == 20
