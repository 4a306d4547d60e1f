"""Reading a request's body, bounded in size and time, and the JSON in it, bounded in depth."""

import asyncio
import json
import math
from typing import Any, NoReturn

from starlette.requests import ClientDisconnect, Request

from reconciler.model.json import is_deeper
from reconciler.web.answers import CLOSE, ApiError

MAX_DEPTH = 64
"""How deep lists and objects may nest: what renders and filters them later recurses."""

_SMALL = 16 * 1024


async def read_body(request: Request, limit: int, seconds: float) -> bytes:
    """Return the body. Raises ApiError: 411 with no length, 400 with two, 413 above `limit` bytes, 408 after `seconds`.

    What is refused before its end is read and thrown away by `protocol.py`, within bounds: closing on a sender that
    still sends would reset the connection, and the answer would be lost.
    """
    headers = request.headers
    length = headers.get("content-length")
    if length is None and "transfer-encoding" not in headers:
        raise ApiError(411, "length_required", "send a body, with its Content-Length or chunked")
    if length is not None and "transfer-encoding" in headers:  # a proxy before us may have seen another end
        raise ApiError(400, "two_lengths", "send a Content-Length or a Transfer-Encoding, not both", CLOSE)
    if length is not None and (not length.isdigit() or int(length[:20]) > limit):
        raise _too_large(limit)
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise ApiError(415, "unsupported_encoding", "send the body without a Content-Encoding")
    try:
        async with asyncio.timeout(seconds):
            return await _collect(request, limit)
    except TimeoutError:
        raise ApiError(408, "slow_body", f"the body did not arrive within {seconds:g} s", CLOSE) from None
    except ClientDisconnect:
        raise ApiError(400, "disconnected", "the connection closed before the body ended") from None


async def _collect(request: Request, limit: int) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


def _too_large(limit: int) -> ApiError:
    return ApiError(413, "too_large", f"the body is larger than {limit} bytes")


async def read_object(request: Request, seconds: float) -> dict[str, Any]:
    """Return the small JSON object in the body; raises ApiError for anything else."""
    body = await read_body(request, _SMALL, seconds)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise ApiError(415, "unsupported_media_type", "send application/json")
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ApiError(422, "invalid_body", "expected a JSON object")
    return value


def parse_json(body: bytes) -> Any:
    """Return the JSON value in `body`.

    Raises ApiError 400 for anything that is not strict JSON in UTF-8, or could not be stored and read back: `NaN`,
    numbers out of range, lone surrogates, nesting beyond `MAX_DEPTH`.
    """
    try:
        value = json.loads(body.decode("utf-8"), parse_float=_finite, parse_constant=_refuse_constant)
        if b"\\u" in body:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise _bad_json("it holds half of a surrogate pair") from None
    except UnicodeDecodeError as error:
        raise _bad_json(f"it is not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise _bad_json(f"it nests deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise _bad_json(f"{error.msg.lower()} at line {error.lineno}, column {error.colno}") from None
    except ValueError as error:
        raise _bad_json(str(error)) from None
    # Counting brackets is quick and settles nearly every body; only what could be deep is walked.
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and is_deeper(value, MAX_DEPTH):
        raise _bad_json(f"it nests deeper than {MAX_DEPTH} levels")
    return value


def _bad_json(why: str) -> ApiError:
    return ApiError(400, "bad_json", f"the body is not JSON that can be taken: {why}")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError(f"the number {text[:40]} is out of range")
    return number


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON value")
