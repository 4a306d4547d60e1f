"""`--integrations a,b`: every verb that takes it refuses an id that is not installed, before it does anything."""

import pytest

from reconciler.cli.app import run

VERBS = [[], ["--watch"], ["validate"], ["plan"], ["trace", "--type", "x"], ["integrations"], ["schema"]]


@pytest.fixture
def refused(tmp_path, monkeypatch, capfd):
    """Run a verb in a directory without a daemon: exit code, stderr, and what was left in the directory."""
    (tmp_path / "configs").mkdir()
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        code = run([*arguments])
        return code, capfd.readouterr().err, sorted(path.name for path in tmp_path.iterdir())

    return call


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0] if verb else "(bare)")
def test_an_id_that_is_not_installed_is_refused_with_the_nearest(refused, verb):
    code, err, left = refused(*verb, "--integrations", "slack,consle")
    assert (code, left) == (2, ["configs"])
    assert "--integrations: there is no integration 'consle': did you mean 'console'?" in err


def test_an_id_like_none_is_refused_with_all_that_are_installed(refused):
    _, err, _ = refused("validate", "--integrations", "zzz")
    assert "there is no integration 'zzz': there is console, " in err


def test_ids_that_are_installed_are_taken(refused):
    assert refused("validate", "--integrations", "slack,console")[0] == 0
