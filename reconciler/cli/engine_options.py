"""From what the command line was given to the engine's options: every mistake is one sentence and exit code 2."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reconciler.cli.console import fail
from reconciler.cli.names import names
from reconciler.cli.options import SECRETS_DIR, STATE_DIR
from reconciler.model.duration import parse_duration

if TYPE_CHECKING:
    from reconciler.compose.options import EngineOptions


def engine_options(values: dict[str, Any]) -> "EngineOptions":
    """Return the options that `values`, by name of parameter, describe; what is missing keeps its default."""
    from reconciler.compose.options import EngineOptions

    for name in ("dir", "state_dir", "secrets_dir"):
        if not values[name]:
            fail(f"--{name.replace('_', '-')}: expected the path of a directory, found an empty one")
    read: dict[str, Any] = {
        "root": Path(values["dir"]),
        "state_dir": Path(values["state_dir"]),
        "integrations": names(values.get("integrations")),
        "secrets_dir": Path(values["secrets_dir"]),
        "allow_plaintext_secrets": values["allow_plaintext_secrets"],
    }
    if "grace" in values:
        read |= _daemon_options(values)
    return EngineOptions(**read)


def offline_options(
    directory: str, integrations: str | None, *, allow_plaintext_secrets: bool, secrets_dir: str = SECRETS_DIR.default
) -> "EngineOptions":
    """Return the options of a verb that needs no daemon and no state directory."""
    return engine_options({
        "dir": directory, "state_dir": STATE_DIR.default, "integrations": integrations, "secrets_dir": secrets_dir,
        "allow_plaintext_secrets": allow_plaintext_secrets,
    })  # fmt: skip


def _daemon_options(values: dict[str, Any]) -> dict[str, Any]:
    return {
        "standby": values["standby"],
        "listen": _listen(values["listen"]),
        "allowed_hosts": tuple(values["allowed_host"] or ()),
        "grace": _duration("--grace", values["grace"]),
        "prune_limit": _prune_limit(values["prune_limit"]),
        "allow_network": _networks("--allow-network", values["allow_network"] or ()),
        "deny_network": _networks("--deny-network", values["deny_network"] or ()),
        "token_file": Path(values["token_file"]) if values["token_file"] else None,
    }


def _listen(text: str | None) -> str | None:
    if text is None:
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit() and int(port) < 65536):
        fail(f"--listen: expected HOST:PORT, such as 127.0.0.1:8787, found {text!r}")
    return text


def _duration(flag: str, text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        fail(f"{flag}: {error}")


def _prune_limit(text: str) -> str:
    from reconciler.core.plan.guard import PruneLimit

    try:
        PruneLimit.parse(text)
    except ValueError as error:
        fail(f"--prune-limit: {error}")
    return text


def _networks(flag: str, texts: Sequence[str]) -> tuple[str, ...]:
    from ipaddress import ip_network

    for text in texts:
        try:
            ip_network(text)
        except ValueError as error:
            fail(f"{flag}: expected a network such as 10.0.0.0/8: {error}")
    return tuple(texts)
