"""Which options of an engine a host may give its manager, and what to do instead of the others.

Options that only a daemon acts on are refused: accepted and without effect, they would look as if they held.
"""

from pathlib import Path
from typing import Any, Final

from reconciler.compose.options import EngineOptions
from reconciler.core.findings.nearest import Names

_HTTP = "an embedded engine serves no HTTP"
_INSTEAD: Final = {
    "listen": _HTTP,
    "token_file": _HTTP,
    "allowed_hosts": _HTTP,
    "standby": "it is a daemon's; processes of a host share a state directory by their `role`",
    "grace": "say it when you stop: stop(grace=10)",
}
_GIVEN_BY_NAME: Final = frozenset({"root", "state_dir", "integrations", "role", "defer"})


def host_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return what is to be given to `EngineOptions`; raises TypeError for an option that has no effect here."""
    known = set(EngineOptions.__struct_fields__) - _GIVEN_BY_NAME
    for name in options:
        if name in _INSTEAD:
            raise TypeError(f"IntegrationManager takes no {name!r}: {_INSTEAD[name]}")
        if name not in known:
            near = Names(known - _INSTEAD.keys()).nearest(name)
            raise TypeError(f"IntegrationManager takes no {name!r}" + (f", did you mean {near!r}?" if near else ""))
    return options | {name: Path(options[name]) for name in ("secrets_dir",) if name in options}
