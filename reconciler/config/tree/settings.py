"""`reconcile.toml` at the root of a directory: settings for the directory itself, shared through the repository.

Read by `directory` and `run`; a directory without the file has the defaults. Keys for rules and policy come later.
"""

from dataclasses import dataclass
from typing import Any

from reconciler.config.files import SETTINGS_FILE, Unreadable, Vanished, check_regular, read_file, signature
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.rules import INVALID_VALUE, TOML_SYNTAX, UNKNOWN_KEY, VALIDATION_LIMIT

_LIMITS = ("max_files",)
_MOST_FILES = 10_000_000


@dataclass(frozen=True, slots=True)
class DirectorySettings:
    """What a directory says of itself. `max_files` is how many configuration files it may hold."""

    max_files: int = 1_000_000
    diagnostics: tuple[Diagnostic, ...] = ()


class SettingsFile:
    """The settings of one root, read again only when the file has changed."""

    def __init__(self) -> None:
        self._seen = b""
        self.settings = DirectorySettings()

    def refresh(self, base: str) -> DirectorySettings:
        """Return what the file of the root `base` says now; what is wrong with it stands in `diagnostics`."""
        path = f"{base}/{SETTINGS_FILE}"
        try:
            seen = signature(check_regular(path))
            if seen != self._seen:
                data, status = read_file(path)
                self._seen, self.settings = signature(status), parse_settings(data)
        except Vanished:
            self._seen, self.settings = b"", DirectorySettings()
        except Unreadable as problem:
            # The limits that were in force stay: a file that cannot be read must not lift them.
            self._seen = b""
            self.settings = DirectorySettings(self.settings.max_files, (problem.diagnostic(SETTINGS_FILE),))
        return self.settings


def parse_settings(data: bytes) -> DirectorySettings:
    """Return the settings that the bytes of a `reconcile.toml` hold, with a finding for all that is not understood."""
    import tomllib

    try:
        value = tomllib.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return DirectorySettings(
            diagnostics=(_finding(TOML_SYNTAX, f"it is not UTF-8 at byte {error.start}", "save it as UTF-8"),)
        )
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        return DirectorySettings(
            diagnostics=(_finding(TOML_SYNTAX, f"it is not TOML: {error}", "write [limits], then max_files = 10000"),)
        )
    return _settings(value)


def too_many(limit: int) -> Diagnostic:
    """Return the finding that the directory holds more files than it may."""
    message = f"the directory holds more than {limit} configuration files; those beyond are not loaded"
    return _finding(
        VALIDATION_LIMIT, message, f"raise max_files under [limits] in {SETTINGS_FILE}, or split the directory"
    )


def _settings(value: dict[str, Any]) -> DirectorySettings:
    found = [_unknown(key, ("limits",)) for key in value if key != "limits"]
    limits = value.get("limits", {})
    if not isinstance(limits, dict):
        problem = _finding(INVALID_VALUE, "limits must be a table: [limits]", "write [limits], then max_files = 10000")
        return DirectorySettings(diagnostics=(*found, problem))
    found += [_unknown(key, _LIMITS) for key in limits if key not in _LIMITS]
    most = limits.get("max_files", DirectorySettings().max_files)
    if type(most) is not int or not 1 <= most <= _MOST_FILES:
        message = f"max_files under [limits] must be a whole number from 1 to {_MOST_FILES}, found {most!r:.40}"
        return DirectorySettings(diagnostics=(*found, _finding(INVALID_VALUE, message, "such as max_files = 10000")))
    return DirectorySettings(most, tuple(found))


def _unknown(key: str, known: tuple[str, ...]) -> Diagnostic:
    from reconciler.config.explain.nearest import did_you_mean

    return _finding(UNKNOWN_KEY, f"unknown key `{key[:60]}`", did_you_mean(key, known))


def _finding(rule: str, message: str, hint: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, message, Span(SETTINGS_FILE), hint)
