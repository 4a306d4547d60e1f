"""Which failing deliveries are logged with a traceback: what nobody foresaw, and that once for each delivery."""

import pytest

from reconciler.model.errors import NetworkRefused
from reconciler.sdk import Event, TransientError


@pytest.fixture
def tracebacks(harness, make, doc, caplog):
    """Fail a delivery with an error for a minute: how many tracebacks are logged."""

    def count(error):
        def deliver(self, event, config):
            self.received.append((config.name, event.id))
            raise error

        cls = make(deliver=deliver)
        h = harness(cls)
        h.write("a.yaml", doc("a"), settle=False)
        h.start()
        h.deliver(Event(type="note", source="/test"))
        h.advance(60)
        assert len(cls.received) > 1
        return sum(bool(record.exc_info) for record in caplog.records)

    return count


@pytest.mark.parametrize("error", [TransientError("later"), NetworkRefused("it is link-local"), TimeoutError("slow")])
def test_foreseen_failure_logs_no_traceback(tracebacks, error):
    assert tracebacks(error) == 0


def test_unforeseen_failure_logs_its_traceback_once(tracebacks):
    assert tracebacks(KeyError("job")) == 1
