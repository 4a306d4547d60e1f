"""Keys in the wrong one of two places: a setting beside `settings`, or a key of the envelope beneath it. Pure.

`validation.py` asks, which alone knows the keys of both.
"""

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic


def told_where(
    findings: Iterable[Diagnostic], integration: str, envelope: Collection[str], settings: Collection[str]
) -> list[Diagnostic]:
    """Return the findings, those about a key that is known in the other place saying so instead of a nearest name."""
    return [_told(found, integration, envelope, settings) for found in findings]


def _told(found: Diagnostic, integration: str, envelope: Collection[str], settings: Collection[str]) -> Diagnostic:
    if found.rule != rules.UNKNOWN_KEY:
        return found
    match found.path:
        case (str(key),) if key in settings:
            return replace(found, help=f"`{key}` is a setting of {integration}: write it beneath `settings:`", fix=None)
        case ("settings", str(key)) if key in envelope:
            return replace(found, help=f"`{key}` belongs beside `settings:`, not beneath it", fix=None)
    return found
