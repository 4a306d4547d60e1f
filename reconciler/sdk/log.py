"""`self.log` of an integration: a standard logger that adds which integration, configuration and delivery it is about.

The engine knows them, so an author writes the message alone. `extra` goes into the record as it is.
"""

import logging
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any


class IntegrationLog(logging.LoggerAdapter[logging.Logger]):
    """`about()` returns the log fields of the call that runs now; nothing outside of one."""

    def __init__(self, integration_id: str, about: Callable[[], Mapping[str, Any]]) -> None:
        super().__init__(logging.getLogger(f"reconciler.integrations.{integration_id}"), {})
        self._integration_id = integration_id
        self._about = about

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Put the fields into the record, and the author's own beneath `extra`, where they can hide nothing of ours."""
        own = kwargs.get("extra")
        fields = {"integration": self._integration_id, **self._about(), **({"extra": dict(own)} if own else {})}
        return msg, {**kwargs, "extra": {"fields": fields}}
