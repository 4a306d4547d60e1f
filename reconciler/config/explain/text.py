"""The words of explanations: what was expected, what was found, and the surprises of YAML 1.2. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from reconciler.model.json import Path, canonical
from reconciler.model.secret_names import shown_path
from reconciler.model.secret_shapes import mask_shapes

OLD_BOOLEANS: Final = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""What YAML 1.1 took for booleans."""
_KINDS = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}
_OLD_TIME: Final = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt ].*)?|[-+]?[0-9]+(:[0-5]?[0-9])+(\.[0-9]*)?")
"""What was a date, a time or a number to base 60 in YAML 1.1."""
_SHOWN: Final = 60
_LONGEST: Final = 20_000
"""A longer value is not searched for what looks like a secret, and not shown."""
_FORMATS = {
    "date": "a date such as 2026-01-31",
    "date-time": "a time such as 2026-01-31T12:00:00Z",
    "duration": "a duration of ISO 8601 such as PT15M",
    "email": "an address such as ada@example.com",
    "hostname": "a host name such as mail.example.com",
    "ipv4": "an IPv4 address such as 192.0.2.1",
    "ipv6": "an IPv6 address such as 2001:db8::1",
    "regex": "a regular expression",
    "time": "a time of day such as 12:00:00Z",
    "uri": "an absolute address such as https://example.com/path",
    "uri-reference": "an address such as https://example.com/path or /path",
    "uuid": "a UUID such as 123e4567-e89b-12d3-a456-426614174000",
}
_MISFITS = {
    "minimum": "is too small", "exclusiveMinimum": "is too small", "maximum": "is too large",
    "exclusiveMaximum": "is too large", "multipleOf": "does not fit", "minLength": "is too short",
    "maxLength": "is too long", "pattern": "does not have the right form",
}  # fmt: skip
LIST_HELP: Final = "write a list: one item a line, each after `- `"
MAPPING_HELP: Final = "write keys and values: one a line, as `key: value`"
"""How a collection is written in YAML, for a place where there is none."""
DURATION: Final = "a duration"
"""The title by which the envelope's schema names durations."""


def shorten(text: str, most: int = _SHOWN) -> str:
    """Return `text` in at most `most` characters."""
    return text if len(text) <= most else text[: most - 1] + "…"


def _shown(value: str) -> str:
    return shorten(mask_shapes(value)) if len(value) <= _LONGEST else "…"


def place_name(path: Path) -> str:
    """Return a place as people write it: `settings.headers`, `events[0].type`; empty for the whole document."""
    shown = shown_path(path)
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{shorten(part)}" for part in shown)
    return shorten(text.removeprefix("."), 120)


def expected_kind(kind: str | Sequence[str]) -> str:
    """Return the words for a `type` keyword."""
    names = [kind] if isinstance(kind, str) else list(kind)
    return join_names([_KINDS.get(name, name) for name in names], quote=False)


def found_text(value: Any) -> str:
    """Return what stands there, shortened, and masked where it looks like a secret. Not for the place of one."""
    match value:
        case None:
            return "nothing (null)"
        case bool():
            return "true" if value else "false"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f'the string "{_shown(value)}"'
    return f"the number {shorten(str(value))}"


def kind_of(value: Any) -> str:
    """Return what kind of value stands there, and nothing of the value."""
    if isinstance(value, str):
        return "a string"
    return "a boolean" if isinstance(value, bool) else "a number" if isinstance(value, int | float) else "a value"


def yaml_found(value: Any, written: str | None, wanted: Any) -> tuple[str, str]:  # noqa: PLR0911 - a table
    """Return what stands there and what to write instead, where YAML 1.2 and an older habit may differ.

    `written` is the plain scalar as the file has it, None where it is quoted or a collection.
    """
    kinds = {wanted} if isinstance(wanted, str) else set(wanted)
    if value is None:
        return found_text(value), "write a value, or leave the key out"
    if "object" in kinds and isinstance(value, str):
        return kind_of(value), _without_surprise(value, kinds)  # `token:abc` without its space: not to be shown
    if written is None:
        return found_text(value), _without_surprise(value, kinds)
    found = f"`{_shown(written)}`, which is {_what(value, written)} in YAML 1.2"
    if "boolean" in kinds and written.lower() in OLD_BOOLEANS:
        return f"{found}: write `{OLD_BOOLEANS[written.lower()]}`", "only `true` and `false` are booleans"
    if "string" in kinds:
        return f'{found}: write "{_shown(written)}"', "in quotes it is a string"
    if "array" in kinds:
        return found_text(value), _without_surprise(value, kinds)
    if kinds & {"integer", "number"} and isinstance(value, str):
        return found, "write a number, without anything else"
    if isinstance(value, str) and _OLD_TIME.fullmatch(written):
        return found, f"write {expected_kind(sorted(kinds))}"
    return found_text(value), ""


def _without_surprise(value: Any, kinds: set[Any]) -> str:
    if isinstance(value, str):
        if "boolean" in kinds and value.lower() in {"true", "false"}:
            return f"leave the quotes out: {value.lower()}"
        if kinds & {"integer", "number"} and value.lstrip("-").isdecimal() and len(value) < 20:
            return f"leave the quotes out: {value}"
    if "array" in kinds and isinstance(value, dict) and any(key.startswith("-") for key in value):
        return "a space is missing after the dash: write `- key: value`"
    if "array" in kinds and value is not None:
        return LIST_HELP
    if "object" in kinds:
        return MAPPING_HELP
    return "write a single value, not a list" if isinstance(value, list) else ""


def _what(value: Any, written: str) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"the number {shorten(str(value))}" if is_number and str(value) != written else kind_of(value)


def describe_bounds(keyword: str, limit: Any, schema: Any) -> str:  # noqa: PLR0911 - a table of sentences
    """Return the help line for a value out of bounds: what the schema asks for, in words."""
    match keyword:
        case "minimum":
            return f"write a number of {limit} or more"
        case "maximum":
            return f"write a number of {limit} or less"
        case "exclusiveMinimum":
            return f"write more than {limit}"
        case "exclusiveMaximum":
            return f"write less than {limit}"
        case "multipleOf":
            return f"write a multiple of {limit}"
        case "minLength" | "minItems" | "minProperties":
            return f"write at least {_count(limit, keyword)}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"write at most {_count(limit, keyword)}"
        case "format":
            return f"write {_FORMATS.get(str(limit), f'a value of the format {shorten(str(limit))}')}"
        case "uniqueItems":
            return "write each item once"
        case "pattern":
            return _pattern_help(schema if isinstance(schema, Mapping) else {}, str(limit))
    return ""


def _pattern_help(schema: Mapping[str, Any], pattern: str) -> str:
    if schema.get("title") == DURATION:
        return "write a number and ms, s, m, h or d, such as 90s or 1h30m"
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return f"write something such as {join_names([shorten(str(one)) for one in examples[:3]], quote=False)}"
    description = schema.get("description")
    if isinstance(description, str) and description:
        return shorten(_as_help(description), 160)
    return f"it must match {shorten(pattern, 100)}"


def _as_help(description: str) -> str:
    """Return a schema's description as a help line: in lower case, without its full stop."""
    first, second = description[:1], description[1:2]
    lowered = first.lower() if second.islower() or second in {" ", "'"} else first
    return (lowered + description[1:]).rstrip(".")


def describe_misfit(keyword: str, limit: Any) -> str:
    """Return what is wrong with a value out of bounds, as the end of a sentence."""
    if keyword == "format":
        kind = _FORMATS.get(str(limit), "").partition(" such as ")[0]
        return f"is not {kind}" if kind else "does not have the right form"
    return _MISFITS.get(keyword, "is not valid")


def slug(name: str) -> str:
    """Return the name that a configuration could have instead of `name`; empty where nothing is left of it."""
    from unicodedata import normalize

    plain = normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")[:63].rstrip("._-")


def _count(limit: Any, keyword: str) -> str:
    one = {"Length": "character", "Items": "item", "Properties": "key"}[keyword[3:]]
    return f"{limit} {one}{'' if limit == 1 else 's'}"


def join_names(names: Sequence[str], word: str = "or", *, quote: bool = True, most: int = 20) -> str:
    """Return `a`, `b` or `c`; beyond `most` names the rest is counted."""
    shown = [f"`{name}`" if quote else name for name in names[:most]]
    if len(names) > most:
        return ", ".join(shown) + f" {word} {len(names) - most} more"
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)


def because(constants: Mapping[str, Any]) -> str:
    """Return the condition under which a rule of the schema holds, as the end of a message."""
    parts = [f"`{key}` is `{v if isinstance(v, str) else canonical(v)}`" for key, v in constants.items()]
    return f", because {' and '.join(parts)}" if parts else ""


def name_of(path: Path) -> str:
    """Return a place as a message's subject."""
    return f"`{place_name(path)}`" if path else "the document"


def inside(path: Path) -> str:
    """Return where something is missing or not known, as the end of a message."""
    return f" in `{place_name(path)}`" if path else ""
