"""What a host's own functions do wrong when they are told something: it is logged, and the engine goes on."""

import pytest

from reconciler.compose.build import build_engine
from reconciler.compose.options import EngineOptions
from reconciler.config.tree.memory import Ages
from reconciler.runtime.listener import Listener, contained


@pytest.mark.parametrize("told", ["on_look", "on_plan", "on_outcomes", "on_pass"])
def test_listener_that_raises_holds_nothing_up(tmp_path, caplog, told):
    def fails(_):
        raise OSError("the disk of the host is full")

    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: console\nname: a\n")
    options = EngineOptions(tmp_path / "configs", tmp_path / "state", ages=Ages(0.0, 0.0))
    engine = build_engine(options, Listener(**{told: fails}), watch=False)
    engine.start()
    try:
        assert engine.wait_ready(20)
        assert engine.config("console/a").state == "active"
    finally:
        engine.stop()
    assert f"a listener failed in {told}" in caplog.text
    assert "the disk of the host is full" in caplog.text


def test_listener_that_works_is_told_everything():
    told = []
    names = ("on_look", "on_plan", "on_outcomes", "on_pass", "on_intervention")
    listener = contained(Listener(**{name: lambda value, name=name: told.append((name, value)) for name in names}))
    for name in names:
        getattr(listener, name)(f"what {name}")
    assert told == [(name, f"what {name}") for name in names]
