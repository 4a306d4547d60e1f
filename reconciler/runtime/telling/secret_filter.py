"""A filter for handlers of the standard library's logging: every record loses the secrets in it, whoever logs.

The command line puts it on the handler of its log, and a host may put it on its own. What integrations and the engine
say is without secrets before: this is for what libraries say of what integrations gave them.
"""

import logging
from collections.abc import Callable, Mapping
from typing import Final

from reconciler.core.masking.nested import masked_within
from reconciler.core.masking.stand_in import without_secrets

_STORY: Final = "detail"


class SecretFilter(logging.Filter):
    """Lets every record pass; `masked` takes the secrets out of a text. What holds none stays as it is."""

    def __init__(self, masked: Callable[[str], str]) -> None:
        super().__init__()
        self._masked = masked

    def filter(self, record: logging.LogRecord) -> bool:
        """Mask the message, the traceback, the stack and our own fields."""
        masked = self._masked
        try:
            text = record.getMessage()
        except Exception:  # noqa: BLE001 — a handler would print the arguments, secrets included
            record.msg, record.args = f"{masked(str(record.msg))} (its arguments do not fit)", ()
        else:
            told = masked(text)
            if told != text:
                record.msg, record.args = told, ()
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            stand_in = without_secrets(error, masked)
            record.exc_info = (type(stand_in), stand_in, stand_in.__traceback__)
        if record.exc_text:
            record.exc_text = masked(record.exc_text)
        if record.stack_info:
            record.stack_info = masked(record.stack_info)
        fields = getattr(record, "fields", None)
        if isinstance(fields, Mapping):
            # The engine's own story may be long, and tells what went through this already.
            found = {name: one if name == _STORY else masked_within(one, masked) for name, one in fields.items()}
            record.fields = fields if found == fields else found
        return True
