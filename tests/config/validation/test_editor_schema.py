"""`validate` notes a schema for editors that was written before an integration was installed."""

import pytest

from reconciler.cli.app import run
from reconciler.config.run.run import RunOptions, validate_paths


@pytest.fixture
def root(site, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    site.add("early")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: early\nname: a\n")
    assert run(["schema", "-o", "configs/schema.json"]) == 0
    return tmp_path / "configs"


def notes(root, **options):
    result = validate_paths([root], RunOptions(jobs=1, **options))
    assert result.diagnostics == ()
    return result.notes


def test_schema_that_knows_what_is_installed_is_no_news(root):
    assert notes(root) == ()


def test_schema_that_does_not_know_an_integration_is_noted(root, site):
    site.add("late")
    assert notes(root) == (
        (
            "configs/schema.json does not know late, which is installed: "
            "`reconcile schema -o configs/schema.json` writes it anew"
        ),
    )
    assert notes(root, integrations=("early",)) == ()


@pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"title": "another"}', '{"title": "reconcile configuration"}'])
def test_schema_of_somebody_else_is_left_alone(root, site, text):
    site.add("late")
    (root / "schema.json").write_text(text)
    assert notes(root) == ()
