"""An answer to an outbound request, as integrations see it. `HttpClient` makes it; nothing in it shows a secret."""

import json as jsonlib
import re
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from reconciler.model.secret import MASK, Secret

_SHOWN: Final = 200
_QUOTABLE: Final = ("text/plain", "application/json", "application/problem+json")


class HttpResponse(Struct, frozen=True):
    """An answer. Header names are lower case; `origin` is the scheme and host that answered.

    `truncated` says that the body is not whole: it was longer than `max_response`, or did not end in time. `secrets`
    are those of the request, so that `excerpt` can mask them.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    origin: str = ""
    truncated: bool = False
    secrets: tuple[Secret, ...] = ()

    def __repr__(self) -> str:
        """Without the body, which may hold anything, and the secrets."""
        return f"{type(self).__name__}({self.status}, origin={self.origin!r}, headers={dict(self.headers)!r})"

    @property
    def text(self) -> str:
        """The body as text, in the charset of its content type or UTF-8; what does not decode is replaced."""
        found = re.search(r"charset=\"?([\w.-]{1,40})", self.headers.get("content-type", ""), re.IGNORECASE)
        try:
            return self.body.decode(found[1] if found else "utf-8", "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """Return the body as a JSON value; raises ValueError when it is not one."""
        try:
            return jsonlib.loads(self.body)
        except (ValueError, RecursionError):
            raise ValueError(f"{self.origin} did not answer with JSON") from None

    @property
    def excerpt(self) -> str:
        """The beginning of a plain answer in one line, for messages; empty for other kinds, secrets masked."""
        if not self.headers.get("content-type", "").lower().startswith(_QUOTABLE):
            return ""
        line = " ".join(self.text[: 100 * _SHOWN].split())
        for secret in self.secrets:
            line = line.replace(secret.reveal(), MASK)
        line = "".join(c if c.isprintable() else "?" for c in line)
        return line if len(line) <= _SHOWN else line[: _SHOWN - 1] + "…"
