"""`self.log` of an integration: a standard logger that adds which integration, configuration and delivery it is about.

The engine knows them, so an author writes the message alone. `extra` goes into the record as it is, but for the values
of secrets, which are masked in all of the record, whatever handlers the host has.
"""

import logging
import sys
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

from reconciler.core.masking.nested import masked_within
from reconciler.core.masking.stand_in import without_secrets


class IntegrationLog(logging.LoggerAdapter[logging.Logger]):
    """`about()` returns the log fields of the call that runs now; nothing outside of one. `masked` hides secrets."""

    def __init__(
        self, integration_id: str, about: Callable[[], Mapping[str, Any]], masked: Callable[[str], str] = str
    ) -> None:
        super().__init__(logging.getLogger(f"reconciler.integrations.{integration_id}"), {})
        self._integration_id = integration_id
        self._about = about
        self._masked = masked

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log one record without secrets; a message that its arguments do not fit is logged without them."""
        if not self.isEnabledFor(level):
            return
        error = _raised(kwargs.get("exc_info"))
        if error is not None:
            kwargs["exc_info"] = without_secrets(error, self._masked)
        kwargs["stacklevel"] = kwargs.get("stacklevel", 1) + 1  # who logs is not this module
        told, left = self._told(msg, args)
        super().log(level, told, *left, **kwargs)

    def _told(self, msg: object, args: tuple[object, ...]) -> tuple[object, tuple[object, ...]]:
        """Return message and arguments as they are, or the text that they make where that holds a secret."""
        try:
            values: Any = args[0] if len(args) == 1 and args[0] and isinstance(args[0], Mapping) else args
            text = str(msg) % values if args else str(msg)
        except Exception:  # noqa: BLE001 — logging itself would print the arguments, secrets included
            return "%s (its arguments do not fit)", (self._masked(msg) if isinstance(msg, str) else type(msg),)
        told = self._masked(text)
        return (msg, args) if told == text else ("%s", (told,))

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Put the fields into the record, and the author's own beneath `extra`, where they can hide nothing of ours."""
        own = kwargs.get("extra")
        more = {"extra": masked_within(dict(own), self._masked)} if own else {}
        fields = {"integration": self._integration_id, **self._about(), **more}
        return msg, {**kwargs, "extra": {"fields": fields}}


def _raised(given: object) -> BaseException | None:
    """Return the exception that `exc_info` means."""
    if isinstance(given, tuple):
        return given[1] if len(given) == 3 and isinstance(given[1], BaseException) else None
    return given if isinstance(given, BaseException) else sys.exception() if given else None
