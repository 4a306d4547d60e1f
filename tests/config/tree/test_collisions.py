"""Configurations that need the same route or resource: told at each place, of those that would run."""

import json

import pytest

from reconciler.config.catalogue import Catalogue
from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.model.errors import RegistrationError

SCHEMA = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "default": "in"},
        "port": {"type": "integer"},
        "key": {"type": "string", "writeOnly": True},
    },
}


@pytest.fixture
def integrations(tmp_path, monkeypatch):
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))

    def install(**manifests):
        info = site / "acme-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        entries = "".join(f"{name} = acme_{name}\n" for name in manifests)
        (info / "entry_points.txt").write_text(f"[reconciler.integrations]\n{entries}")
        for name, manifest in manifests.items():
            package = site / f"acme_{name}"
            package.mkdir()
            (package / "__init__.py").write_text("raise SystemExit(9)\n")
            (package / "manifest.json").write_text(json.dumps({"id": name, "name": name, **manifest}))
            (package / "schema.json").write_text(json.dumps(SCHEMA))

    return install


@pytest.fixture
def check(tmp_path):
    def check(*configs, jobs=1):
        root = tmp_path / "configs"
        root.mkdir()
        for index, (integration, more) in enumerate(configs):
            text = f"integration: {integration}\nname: a{index:03}\n{more}"
            (root / f"{index:03}.yaml").write_text(text)
        found = validate_paths([root], RunOptions(jobs)).diagnostics
        assert {d.rule for d in found} <= {"hook-collision"}
        return [(d.span.file[-8:], d.span.line, [r.span.file[-8:] for r in d.related]) for d in found]

    return check


ROUTES = {"routes": [{"path": "{settings.path}", "methods": ["POST", "GET"]}]}


def test_same_route_is_told_at_each_place_for_each_method(integrations, check):
    integrations(pager=ROUTES)
    found = check(
        ("pager", "settings: {path: x}"), ("pager", "settings: {path: /x/}"), ("pager", "settings: {path: y}")
    )
    assert sorted(found) == [("000.yaml", 3, ["001.yaml"])] * 2 + [("001.yaml", 3, ["000.yaml"])] * 2


def test_default_collides_with_what_is_written(integrations, check):
    integrations(pager=ROUTES)
    assert len(check(("pager", ""), ("pager", "settings: {path: in}"))) == 4


def test_disabled_configuration_claims_nothing(integrations, check):
    integrations(pager=ROUTES)
    assert check(("pager", ""), ("pager", "enabled: false")) == []


def test_same_path_of_two_integrations_is_no_collision(integrations, check):
    integrations(pager=ROUTES, phone=ROUTES)
    assert check(("pager", ""), ("phone", "")) == []


def test_resource_of_each_configuration_collides_across_integrations(integrations, check):
    integrations(pager={"exclusive": ["port:{settings.port}"]}, phone={"exclusive": ["port:{settings.port}"]})
    found = check(
        ("pager", "settings: {port: 80}"), ("phone", "settings: {port: 80}"), ("phone", "settings: {port: 81}")
    )
    assert found == [("000.yaml", 3, ["001.yaml"]), ("001.yaml", 3, ["000.yaml"])]


def test_resource_of_two_integrations_is_told_at_the_first_of_each(integrations, check):
    integrations(pager={"exclusive": ["led"]}, phone={"exclusive": ["led"]})
    found = check(("pager", ""), ("pager", ""), ("phone", ""), ("phone", ""))
    assert found == [("000.yaml", 1, ["002.yaml"]), ("002.yaml", 1, ["000.yaml"])]


def test_many_holders_are_told_in_bounds_and_by_workers(integrations, check, alone):
    integrations(pager={"exclusive": ["port:{settings.port}"]})
    found = check(*[("pager", "settings: {port: 80}")] * 60, jobs=2)
    assert len(found) == 60 and {len(related) for _, _, related in found} == {20}


def test_setting_that_cannot_stand_in_a_route_is_an_error_at_its_place(integrations, tmp_path):
    integrations(pager=ROUTES)
    (tmp_path / "a.yaml").write_text("integration: pager\nname: a\nsettings: {path: ../up}\n")
    (found,) = validate_paths([tmp_path / "a.yaml"], RunOptions(1)).diagnostics
    assert (found.rule, found.span.line, found.span.column) == ("invalid-value", 3, 18)


@pytest.mark.parametrize(("manifest", "reason"), [
    ({"routes": [{"path": "in"}, {"path": "/in/"}]}, "the route 'POST in' is declared twice"),
    ({"schedules": [{"name": "a"}, {"name": "a"}]}, "the schedule 'a' is declared twice"),
    ({"routes": [{"path": "{config.name}"}]}, "only {settings.NAME} may stand in braces"),
    ({"routes": [{"path": "{settings.nope}"}]}, "'nope' is no setting of schema.json that may be shown"),
    ({"exclusive": ["x:{settings.key}"]}, "'key' is no setting of schema.json that may be shown"),
])  # fmt: skip
def test_manifest_that_makes_no_sense_is_refused(integrations, manifest, reason):
    integrations(pager=manifest)
    with pytest.raises(RegistrationError, match=reason.replace("{", r"\{")):
        Catalogue().descriptor("pager")
