"""Findings for people, in the manner of rustc and ruff: place, rule, message, the line with a caret, help.

Used by `validate`, by one pass, and by whatever prints diagnostics with their sources at hand.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Span
from reconciler.model.secret_names import without_glued
from reconciler.report.ansi import PLAIN, Palette
from reconciler.report.findings.frame import Frame
from reconciler.report.findings.headline import headline
from reconciler.report.findings.masking import MaskedLines
from reconciler.report.findings.run import SecretKeys, no_keys
from reconciler.report.findings.snippet import split_lines

Source = Callable[[str], bytes | None]
"""The bytes of a file by the name that spans carry, or None where they cannot be had."""

_NOT_JUDGED: Final = frozenset({
    rules.YAML_SYNTAX, rules.YAML_TAG, rules.YAML_MERGE, rules.YAML_LIMIT, rules.YAML_ALIAS, rules.DUPLICATE_KEY,
    rules.NON_STRING_KEY, rules.NUMBER_RANGE, rules.ENCODING, rules.UNKNOWN_INTEGRATION, rules.INTEGRATION_FAILED,
    rules.VALIDATION_LIMIT, rules.INTERNAL_ERROR,
})  # fmt: skip
"""With one of these in a file, nobody has judged all of its settings: where its secrets are is not known."""
SECRET_RULES: Final = (rules.PLAINTEXT_SECRET, rules.SECRET_REFERENCE)
"""What stands at the place of such a finding is shown nowhere."""
_KEPT: Final = 16


def _no_source(_file: str) -> bytes | None:
    return None


class TextReport:
    """Renders findings one at a time; the lines of the last files are kept, since findings come sorted by file."""

    def __init__(
        self, palette: Palette = PLAIN, source: Source = _no_source, secret_keys: SecretKeys = no_keys
    ) -> None:
        self._paint = palette
        self._source = source
        self._secret_keys = secret_keys
        self._lines: dict[str, Sequence[str]] = {}
        self._secrets: dict[str, list[Span]] = {}
        self._unknown: dict[str, set[str]] = {}
        self._not_judged: set[str] = set()

    def render(self, diagnostics: Iterable[Diagnostic]) -> Iterator[str]:
        """Yield one block of text for each finding, ending in a line feed and an empty line."""
        diagnostics = list(diagnostics)
        self._secrets, self._unknown = _secrets(diagnostics), unknown_keys(diagnostics)
        self._not_judged = {found.span.file for found in diagnostics if _leaves_settings_open(found)}
        frame = Frame(self._paint, self._read)
        for found in diagnostics:
            yield "\n".join([headline(found, self._paint, mark=True), *frame.draw(found)]) + "\n\n"

    def _read(self, file: str) -> Sequence[str]:
        if file not in self._lines:
            if len(self._lines) >= _KEPT:
                self._lines.clear()
            data = self._source(file) or b""
            names = set(self._secret_keys(data, judged=file not in self._not_judged)) if data else set()
            names |= self._unknown.get(file, set())
            self._lines[file] = MaskedLines(split_lines(data) if data else [], names, self._secrets.get(file, ()))
        return self._lines[file]


def _leaves_settings_open(found: Diagnostic) -> bool:
    return found.rule in _NOT_JUDGED or found.path in {(), ("integration",), ("settings",)}


def _secrets(diagnostics: Iterable[Diagnostic]) -> dict[str, list[Span]]:
    """Return where literals stand at the place of secrets, or in references, by file; no snippet may show them."""
    found: dict[str, list[Span]] = {}
    for diagnostic in diagnostics:
        if diagnostic.rule in SECRET_RULES:
            found.setdefault(diagnostic.span.file, []).append(diagnostic.span)
    return found


def unknown_keys(diagnostics: Iterable[Diagnostic]) -> dict[str, set[str]]:
    """Return the settings that nobody knows, by file: nobody knows either whether what stands there is a secret."""
    found: dict[str, set[str]] = {}
    for one in diagnostics:
        if one.rule == rules.UNKNOWN_KEY and one.path[:1] == ("settings",) and one.fix is None:
            key = str(one.path[-1])
            found.setdefault(one.span.file, set()).update({key, without_glued(key)})
    return found
