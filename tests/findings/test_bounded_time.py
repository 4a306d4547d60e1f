"""Files made to take long are judged and shown within seconds: each took half a minute, or had no end."""

import time

import pytest

from reconciler.cli.app import run

HEAD = "integration: console\nname: a\n"
SECONDS = 15
"""Of the processor: far more than any of them takes, and far less than each took."""


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("---\n" * 200_000, id="separators"),
        pytest.param("- '\n" * 100_000, id="quotes"),
        pytest.param(HEAD + "settings: {\n" + "# reconcile: ignore[x]\n" * 10_000 + "}\n", id="comments"),
    ],
)
def test_file_of_one_thing_over_and_over(text, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(text)
    began = time.process_time()
    run(["validate", "a.yaml"])
    assert time.process_time() - began < SECONDS
    assert "a.yaml" in capsys.readouterr().out


def test_settings_of_one_thing_over_and_over(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reconcile.toml").write_text('x="""' + '"\n' * 300_000)
    began = time.process_time()
    assert run(["validate", "reconcile.toml"]) == 1
    assert time.process_time() - began < SECONDS
    assert "unterminated" in capsys.readouterr().out


def test_thousands_of_fixes_in_one_file(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    documents = [f'integration: console\nname: n{number}\nenabled: "true"\n' for number in range(4000)]
    (tmp_path / "a.yaml").write_text("---\n".join(documents))
    began = time.process_time()
    assert run(["validate", "--fix", "a.yaml"]) == 0
    assert time.process_time() - began < SECONDS
    assert "4,000" in capsys.readouterr().out
