"""Fallbacks between documents: what is said of each, where, and of which others."""

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


def test_fallbacks_of_each_other_are_fine():
    assert found({"chat/a": "mail/b", "mail/b": "chat/a"}) == []


def test_thousands_of_slips_take_bounded_time():
    slips = {f"chat/name-{i}": f"chat/nam-{i}" for i in range(2000)}
    dangling = found(slips)
    assert len(dangling) == 2000
    assert "did you mean" in dangling[0].help and "name another" in dangling[-1].help


def test_nearest_name_is_never_the_one_that_asks():
    one, other = found({"chat/name-1": "chat/name", "chat/name-2": "chat/name"})
    assert (one.help, other.help) == ("did you mean `chat/name-2`?", "did you mean `chat/name-1`?")
