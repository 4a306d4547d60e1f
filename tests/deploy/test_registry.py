"""The registry of an engine, which hosts serve beside their own: made once, when somebody first asks for it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from prometheus_client import Counter, generate_latest

from reconciler.compose.build import build_engine
from reconciler.compose.options import EngineOptions


@pytest.fixture
def engine(tmp_path):
    """An engine that is not started yet."""
    (tmp_path / "configs").mkdir()
    engine = build_engine(EngineOptions(tmp_path / "configs", tmp_path / "state", integrations=()), watch=False)
    yield engine
    engine.stop(5)


def test_all_who_ask_at_once_get_the_same_registry(engine):
    together = Barrier(8)

    def ask(_):
        together.wait(20)
        return engine.metrics

    with ThreadPoolExecutor(8) as threads:
        assert len({id(registry) for registry in threads.map(ask, range(8))}) == 1


def test_registry_that_was_asked_for_before_the_start_tells_the_present_after_it(engine):
    registry = engine.metrics
    assert registry.get_sample_value("reconcile_ready") is None
    engine.start()
    assert engine.wait_ready(20)
    assert registry.get_sample_value("reconcile_ready") == 1
    assert registry is engine.metrics


def test_host_may_count_in_the_registry_under_a_name_of_its_own(engine):
    Counter("orders", "Orders of the shop.", registry=engine.metrics).inc()
    assert b"orders_total 1.0" in generate_latest(engine.metrics)
    with pytest.raises(ValueError, match="reconcile_pass_failures"):
        Counter("reconcile_pass_failures", "Ours.", registry=engine.metrics)
