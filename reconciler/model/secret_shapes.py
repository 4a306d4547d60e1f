"""What secrets look like wherever they stand: tokens of services, passwords in addresses. Pure.

What shows a value or a line of somebody's file asks. `secret_names` knows what secrets are called.
"""

import re
from typing import Final

from reconciler.model.secret_names import sounds_secret

_SHAPES: Final = re.compile(
    r"xox[a-z]-[\w-]+|gh[a-z]_\w{8,}|github_pat_\w+|glpat-[\w-]+|sk[-_][\w-]{12,}|AKIA[0-9A-Z]{8,}|eyJ[\w-]{8,}[\w.-]*"
    r"|hooks\.slack\.com/\S+|(?<=://)[^/\s@\"']+(?=@)|(?<=Bearer )[^\s\"'{]+|(?<=Basic )[^\s\"'{]+"
    r"|(?<![\w+=-])(?=[\w+=-]*[0-9])(?=[\w+=-]*[A-Za-z])[\w+=-]{28,}"
)
"""By the prefixes of services, before the @ of an address, long and random."""
_PARAMETER: Final = re.compile(r"(?P<name>[?&;][\w.-]{1,100}=)(?P<value>[^&;#\s\"'{}]+)")
"""One of an address's parameters, such as `&api_key=…`."""


def mask_shapes(text: str) -> str:
    """Return `text`, as long as it is, with `*` for each character of what looks like a secret."""
    masked = _SHAPES.sub(lambda found: "*" * len(found[0]), text)
    return _PARAMETER.sub(_masked_parameter, masked)


def _masked_parameter(found: re.Match[str]) -> str:
    is_secret = sounds_secret(found["name"][1:-1])
    return found["name"] + ("*" * len(found["value"]) if is_secret else found["value"])
