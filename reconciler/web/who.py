"""Who asks: the user of the Unix socket's other end, or whoever holds the token; kept with what they change.

What is known stands behind what is claimed: `alice (as root)`. The claim comes in a header that the command line sends.
"""

import re
import socket
import struct
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

CLAIM = "reconcile-user"
"""The header with the login name of whoever sits before the command line."""
PEER = "peer_uid"
"""Where the protocol leaves the user id of a Unix socket's other end, in the request's state."""
_NAME = re.compile(r"[\w.@+ -]{1,64}\Z")


def peer_uid(connection: Any) -> int | None:
    """Return the user id at the other end of a Unix socket, or None where it is no such socket or cannot be known."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None or getattr(connection, "family", None) != socket.AF_UNIX:
        return None
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
    except (OSError, AttributeError):
        return None
    _, uid, _ = struct.unpack("3i", packed)
    return int(uid)


def who(state: Mapping[str, Any], headers: Mapping[str, str], *, trusted: bool) -> str:
    """Return a name for people. It may ask the system's user database, so it belongs in a worker thread."""
    uid = state.get(PEER)
    known = _user_name(uid) if uid is not None else "the Unix socket" if trusted else "a token"
    claimed = unquote(headers.get(CLAIM, ""), errors="replace").strip()
    if not _NAME.match(claimed) or claimed == known:
        return known
    return f"{claimed} (as {known})" if uid is not None else f"{claimed} (with {known})"


def _user_name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
