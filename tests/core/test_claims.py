"""What templates of routes and exclusive resources expand to, and what may stand in them."""

import pytest

from reconciler.core.claims import Claims, Unfit, expand, names_in


def claims(*routes, exclusive=(), defaults=None):
    return Claims("pager", [(path, ("POST",)) for path in routes], exclusive, defaults or {})


def keys(made, settings):
    return [claim.key for claim in made.of(settings)]


@pytest.mark.parametrize(("settings", "expected"), [
    ({"path": "ci"}, ["POST /hooks/pager/in/ci"]),
    ({"path": "/team/ci/"}, ["POST /hooks/pager/in/team/ci"]),
    ({}, []),
    ({"path": {"secret": "env:P"}}, []),
])  # fmt: skip
def test_route_is_named_after_its_setting(settings, expected):
    assert keys(claims("in/{settings.path}"), settings) == expected


def test_default_of_the_schema_counts():
    assert keys(claims("{settings.path}", defaults={"path": "in"}), {}) == ["POST /hooks/pager/in"]


def test_setting_may_be_deep_and_a_number():
    assert keys(claims(exclusive=["port:{settings.listen.port}"]), {"listen": {"port": 80}}) == ["port:80"]


def test_plain_route_claims_nothing_and_a_plain_resource_is_shared():
    made = claims("in", exclusive=["led"])
    assert keys(made, {}) == [] and made.shared == ("led",)
    assert not claims("in")


@pytest.mark.parametrize("path", ["..", "a/../b", "a//b", "a b", "é", "a?b", "a" * 201, "", "{x}", ".hidden"])
def test_what_cannot_stand_in_a_route_is_refused(path):
    with pytest.raises(Unfit, match=r"`settings\.path` names a route") as caught:
        expand("in/{settings.path}", {"path": path}.get, route=True)
    assert caught.value.setting == ("path",)


@pytest.mark.parametrize("template", ["{config.name}", "{", "a}", "{settings}", "{settings.a-b}", "{{settings.a}}"])
def test_other_braces_are_refused(template):
    with pytest.raises(ValueError, match=r"only \{settings\.NAME\} may stand in braces"):
        names_in(template)
