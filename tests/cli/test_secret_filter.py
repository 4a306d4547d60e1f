"""The filter on the command line's log: whoever logs, a secret does not reach stderr."""

import io
import logging

import pytest

from reconciler.runtime.telling.secret_filter import SecretFilter


@pytest.fixture
def logged():
    """Log as a library would: what the handler wrote."""
    logger, stream = logging.getLogger("library.of.others"), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(SecretFilter(lambda text: text.replace("sesame", "***")))
    logger.addHandler(handler)

    def log(*arguments, **more):
        logger.error(*arguments, **more)
        return stream.getvalue()

    yield log
    logger.removeHandler(handler)


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("with %s", "sesame"), "with ***\n"),
        (("with %(t)s", {"t": "sesame"}), "with ***\n"),
        (("sesame %d of %d", "sesame", 7), "*** %d of %d (its arguments do not fit)\n"),
        ((ValueError("sesame"),), "***\n"),
        (("100 %",), "100 %\n"),
    ],
)
def test_message_loses_it(logged, arguments, shown):
    assert logged(*arguments) == shown


def test_traceback_and_stack_lose_it(logged):
    text = logged("failed", exc_info=ValueError("sesame"), stack_info=True)
    assert "ValueError: ***" in text
    assert "Stack (most recent call last)" in text
    assert "***" in text.rpartition("Stack")[0]


def test_record_without_one_stays_as_it_is(caplog):
    error = ValueError("open")
    caplog.handler.addFilter(SecretFilter(str))
    logging.getLogger("library.of.others").warning("a %s", "b", exc_info=error, extra={"fields": {"n": 1}})
    (record,) = caplog.records
    assert (record.msg, record.args, record.fields) == ("a %s", ("b",), {"n": 1})
    assert record.exc_info[1] is error
