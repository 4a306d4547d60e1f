"""`reconcile.toml` at the root of a directory: settings for the directory itself, shared through the repository.

What the bytes mean; `settings_file.py` follows the file. A file with an error is not in force: half a policy is none.
"""

from collections.abc import Mapping
from hashlib import blake2b
from math import isfinite
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct
from msgspec.structs import replace

from reconciler.config.files import SETTINGS_FILE
from reconciler.core.findings.selection import NOTHING_SAID, Selection, refusal
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.json import Path
from reconciler.model.rules import INVALID_VALUE, TOML_SYNTAX, VALIDATION_LIMIT, WRONG_TYPE

if TYPE_CHECKING:
    from reconciler.config.policy.policy import Policy
    from reconciler.config.policy.read import ReadSchema
    from reconciler.config.tree.toml_places import TomlDocument

_MOST_DOTS: Final = 200
"""tomllib takes minutes for a key of a hundred thousand parts."""
SCHEMA: Final = FilePath(__file__).with_name("settings.schema.json")


class DirectorySettings(Struct, frozen=True):
    """What a directory says of itself. `max_files` is how many configuration files it may hold.

    `policy` is None where there is none. `is_sound` is false when an error keeps the limits and the policy from being
    taken; one in `selection`, which only `validate` looks at, does not.
    """

    max_files: int = 1_000_000
    selection: Selection = NOTHING_SAID
    policy: "Policy | None" = None
    diagnostics: tuple[Diagnostic, ...] = ()
    is_sound: bool = True


def settings_schema() -> dict[str, Any]:
    """Return the published JSON Schema of `reconcile.toml`, for editors."""
    import json

    schema: dict[str, Any] = json.loads(SCHEMA.read_bytes())
    return schema


def parse_settings(data: bytes, read_schema: "ReadSchema | None" = None) -> DirectorySettings:
    """Return the settings that the bytes of a `reconcile.toml` hold, with a finding for all that is not understood.

    `read_schema` gives the files beneath the root that the policy names.
    """
    import tomllib

    crowded = next((n for n, line in enumerate(data.split(b"\n"), 1) if line.count(b".") > _MOST_DOTS), None)
    if crowded is not None:
        return _broken(
            _at(crowded, 1, f"more than {_MOST_DOTS} dots in one line", "write it shorter, or in a .json file")
        )
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8").replace("\r\n", "\n")
        value = tomllib.loads(text)
    except UnicodeDecodeError as error:
        return _broken(_at(1, 1, f"it is not UTF-8 at byte {error.start}", "save it as UTF-8"))
    except RecursionError:
        return _broken(_at(1, 1, "it is not TOML: nested too deep", "write [limits], then max_files = 10000"))
    except ValueError as error:  # a TOMLDecodeError, or a number of too many digits
        return _broken(_syntax(str(error)))
    from reconciler.config.tree.toml_places import TomlDocument

    return _settings(TomlDocument(value, 1, text=text), read_schema or _no_files)


def too_many(limit: int) -> Diagnostic:
    """Return the finding that the directory holds more files than it may."""
    message = f"the directory holds more than {limit} configuration files; those beyond are not loaded"
    help_text = f"raise max_files under [limits] in {SETTINGS_FILE}, or split the directory"
    return Diagnostic(VALIDATION_LIMIT, Severity.ERROR, message, Span(SETTINGS_FILE), help_text)


def _settings(document: "TomlDocument", read_schema: "ReadSchema") -> DirectorySettings:
    found = _foreign(document) or _misfits(document)
    said = document.value.get("validate")
    selection = NOTHING_SAID
    if isinstance(said, dict) and not any(d.path[:1] == ("validate",) for d in found):
        selection = Selection(_names(said, "select"), _names(said, "ignore"), said.get("strict"))
        found += _rules(document, said)
    if any(d.path[:1] != ("validate",) for d in found):
        return DirectorySettings(selection=selection, diagnostics=tuple(found), is_sound=False)
    settings = DirectorySettings(
        document.value.get("limits", {}).get("max_files", DirectorySettings().max_files), selection, None, tuple(found)
    )
    return _with_policy(settings, document, read_schema) if document.value.get("folder") else settings


def _with_policy(settings: DirectorySettings, document: "TomlDocument", read_schema: "ReadSchema") -> DirectorySettings:
    from reconciler.config.policy.policy import Policy
    from reconciler.config.policy.read import PolicyReader

    key = blake2b(document.text.encode(), digest_size=16)

    def read(name: str) -> bytes:
        data = read_schema(name)
        key.update(data)
        return data

    reader = PolicyReader(document, SETTINGS_FILE, read)
    folders = reader.read(document.value["folder"])
    if reader.found:
        return replace(settings, diagnostics=(*settings.diagnostics, *reader.found), is_sound=False)
    return replace(settings, policy=Policy(folders, key.hexdigest()))


# --- what is wrong with it ------------------------------------------------------------------------------------------


def _foreign(document: "TomlDocument") -> list[Diagnostic]:
    """Return a finding for each value that JSON does not have: dates, and numbers that are not finite."""
    found: list[Diagnostic] = []
    waiting: list[tuple[Path, Any]] = [((), document.value)]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, Mapping):
            waiting += [((*path, key), item) for key, item in value.items()]
        elif isinstance(value, list):
            waiting += [((*path, index), item) for index, item in enumerate(value)]
        elif not isinstance(value, str | int | float) or (isinstance(value, float) and not isfinite(value)):
            message = "expected text, a whole number, true or false, found a date, a time or an infinite number"
            span = document.span(path, SETTINGS_FILE)
            found.append(Diagnostic(WRONG_TYPE, Severity.ERROR, message, span, "put it in quotes", path))
    return found


def _misfits(document: "TomlDocument") -> list[Diagnostic]:
    from reconciler.config.schemas.schema import compile_schema

    schema = settings_schema()
    if compile_schema(schema).is_valid(document.value):
        return []
    from reconciler.config.explain.explain import Explainer

    found = Explainer(schema).explain(document, SETTINGS_FILE, document.value, ())
    return [replace(finding, help=_in_toml(finding.help)) for finding in found]


def _in_toml(help_text: str) -> str:
    """Return a line of help that says how YAML is written, in the words of TOML."""
    from reconciler.config.explain.text import LIST_HELP, MAPPING_HELP

    if help_text.startswith("add `"):
        return help_text.replace(":`", " = …`")
    in_toml = {
        LIST_HELP: 'write a list, such as ["one", "two"]',
        MAPPING_HELP: 'write a table, such as {key = "value"}',
    }
    return in_toml.get(help_text, help_text)


def _rules(document: "TomlDocument", said: Mapping[str, Any]) -> list[Diagnostic]:
    found = []
    for key in ("select", "ignore"):
        for index, rule in enumerate(said.get(key, ())):
            problem = refusal(key, rule)
            if problem is not None:
                path: Path = ("validate", key, index)
                span = document.span(path, SETTINGS_FILE)
                found.append(Diagnostic(INVALID_VALUE, Severity.ERROR, problem[0], span, problem[1], path))
    return found


def _names(said: Mapping[str, Any], key: str) -> tuple[str, ...] | None:
    return tuple(said[key]) if key in said else None


def _broken(finding: Diagnostic) -> DirectorySettings:
    return DirectorySettings(diagnostics=(finding,), is_sound=False)


def _syntax(said: str) -> Diagnostic:
    """Return the finding that tomllib's message makes, at the place that it names."""
    import re

    match = re.search(r" ?\(at (?:line (\d+), column (\d+)|end of document)\)", said)
    line, column = (int(match[1]), int(match[2])) if match is not None and match[1] else (1, 1)
    text = said[: match.start()] if match is not None and match[1] else said
    return _at(
        line, column, f"it is not TOML: {text[:1].lower()}{text[1:200]}", "see https://toml.io for how it is written"
    )


def _at(line: int, column: int, message: str, help_text: str) -> Diagnostic:
    span = Span(SETTINGS_FILE, line, column, line, column + 1)
    return Diagnostic(TOML_SYNTAX, Severity.ERROR, message, span, help_text)


def _no_files(name: str) -> bytes:
    raise ValueError(f"{name[:100]} is not looked for here")
