"""The words of explanations: what was expected, what was found, and the surprises of YAML 1.2."""

from collections.abc import Sequence
from typing import Any

_KINDS = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "an integer",
    "number": "a number",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}
_OLD_BOOLEANS = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
_SHOWN = 60
_FORMATS = {
    "uri": "an absolute address such as https://example.com/path",
    "email": "an address such as ada@example.com",
    "date-time": "a time such as 2026-01-31T12:00:00Z",
    "hostname": "a host name",
    "ipv4": "an IPv4 address",
    "ipv6": "an IPv6 address",
}


def expected_kind(kind: str | Sequence[str]) -> str:
    """Return the words for a `type` keyword."""
    names = [kind] if isinstance(kind, str) else list(kind)
    return join_names([_KINDS.get(name, name) for name in names], quote=False)


def found_text(error: Any, written: str | None) -> str:
    """Return what stands there, shortened; nothing of it where the schema says that it is a secret."""
    value = error.instance
    if isinstance(error.schema, dict) and error.schema.get("writeOnly"):
        return "a value that is not shown"
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
            shown = value if len(value) <= _SHOWN else value[: _SHOWN - 1] + "…"
            return f'the string "{shown}"'
    return f"the number {written or value}"[: _SHOWN + 20]


def yaml_surprise(error: Any, written: str | None) -> str:
    """Return what to write instead, where YAML 1.2 and an older habit differ."""
    wanted = error.validator_value
    if written is not None and wanted == "boolean" and written.lower() in _OLD_BOOLEANS:
        return f"in YAML 1.2 `{written}` is a string: write `{_OLD_BOOLEANS[written.lower()]}`"
    if written is not None and wanted == "string" and not isinstance(error.instance, dict | list):
        return f'in YAML 1.2 `{written}` is {_what(error.instance)}: write "{written}" for a string'
    if wanted == "boolean" and isinstance(error.instance, str) and error.instance.lower() in {"true", "false"}:
        return f"leave the quotes out: {error.instance.lower()}"
    if wanted in {"integer", "number"} and isinstance(error.instance, str):
        text = error.instance
        if written is not None:
            return f"in YAML 1.2 `{written[:40]}` is a string: write a number"
        return f"leave the quotes out: {text}" if text.lstrip("-").isdigit() and len(text) < 20 else ""
    if wanted == "array" and isinstance(error.instance, str):
        return "write a list: one item a line, each after `- `"
    return ""


def _what(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    return "a number"


def describe_bounds(error: Any) -> str:
    """Return the help line for a value out of bounds: what the schema asks for, in words."""
    limit = error.validator_value
    match error.validator:
        case "minimum" | "exclusiveMinimum":
            return f"write a number of {limit} or more" if error.validator == "minimum" else f"write more than {limit}"
        case "maximum" | "exclusiveMaximum":
            return f"write a number of {limit} or less" if error.validator == "maximum" else f"write less than {limit}"
        case "minLength" | "minItems" | "minProperties":
            return f"at least {limit} {_unit(error.validator)}"
        case "maxLength" | "maxItems" | "maxProperties":
            return f"at most {limit} {_unit(error.validator)}"
        case "format":
            return f"write {_FORMATS.get(str(limit), f'a value of the format {limit}')}"
        case "uniqueItems":
            return "write each item once"
        case "pattern":
            return _pattern_help(error, str(limit))
    return ""


def _pattern_help(error: Any, pattern: str) -> str:
    schema = error.schema if isinstance(error.schema, dict) else {}
    if schema.get("title") == "a duration":
        return "write a number and ms, s, m, h or d, such as 90s or 1h30m"
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        return f"such as {join_names([str(example) for example in examples[:3]], quote=False)}"
    description = schema.get("description")
    if isinstance(description, str) and description:
        return description.rstrip(".")[:160]
    return f"it must match {pattern[:100]}"


def _unit(keyword: str) -> str:
    return {"Length": "characters", "Items": "items", "Properties": "keys"}[keyword[3:]]


def join_names(names: Sequence[str], word: str = "or", *, quote: bool = True) -> str:
    """Return `a`, `b` or `c`."""
    shown = [f"`{name}`" if quote else name for name in names[:20]]
    return f" {word} ".join([", ".join(shown[:-1]), shown[-1]]) if len(shown) > 1 else "".join(shown)
