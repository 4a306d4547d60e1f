"""`validate --resolve-secrets`: each distinct reference is tried once, and no value leaves this module.

What cannot be resolved, and what does not fit its property, are findings; the values are dropped with the trial. The
engine does not call this: it resolves what it applies (`secrets.py`).
"""

import queue
import threading
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from reconciler.config.references import filled, references
from reconciler.config.schemas.schema import ResolvedSchema
from reconciler.config.secret_sources import DEADLINE
from reconciler.config.secrets import SecretResolver
from reconciler.config.yaml.reader import RawDocument
from reconciler.model import rules
from reconciler.model.diagnostic import Diagnostic, Severity, Span
from reconciler.model.errors import ReconcileError
from reconciler.model.json import Path
from reconciler.model.secret import SecretRef

_AT_ONCE: Final = 8
_PATIENCE: Final = 3
"""After so many references of one scheme have run out of time, its others are not tried."""
_HELP: Final = "make it available where validate runs, or leave out --resolve-secrets"


@dataclass(frozen=True, slots=True)
class SecretUse:
    """The settings of one valid document that holds references, and where each of them stands."""

    integration: str
    settings: Mapping[str, Any]
    places: Mapping[Path, Span]


def use_of(document: RawDocument, file: str) -> SecretUse | None:
    """Return what a document refers to; asked before its positions are dropped."""
    value = document.value
    settings = value.get("settings") if isinstance(value, dict) else None
    if not isinstance(settings, dict):
        return None
    found = [path for path, one in references(settings) if SecretRef.parse(one) is not None]
    if not found:
        return None
    places = {path: document.span(("settings", *path, "secret"), file) for path in found}
    return SecretUse(str(value.get("integration")), settings, places)


class SecretTrial:
    """Tries what documents refer to, through the providers of `resolver`. `tried` counts distinct references."""

    def __init__(self, resolver: SecretResolver, *, deadline: float = DEADLINE) -> None:
        self._resolver = resolver
        self._deadline = deadline
        self._values: dict[str, str] = {}
        self._problems: dict[str, str] = {}
        self._slow: dict[str, int] = {}

    @property
    def tried(self) -> int:
        """How many distinct references have been tried."""
        return len(self._values) + len(self._problems)

    def problem(self, uri: str) -> str:
        """Return why a reference could not be resolved, or the empty string."""
        return self._problems.get(uri, "")

    def run(self, uses: Iterable[SecretUse]) -> None:
        """Try every reference of `uses` that has not been tried yet."""
        wanted = {ref.uri: ref for use in uses for ref in _refs(use).values()}
        pending = [ref for uri, ref in wanted.items() if uri not in self._values and uri not in self._problems]
        pending.reverse()
        done: queue.SimpleQueue[tuple[str, str | Exception]] = queue.SimpleQueue()
        running: dict[str, tuple[SecretRef, float]] = {}
        while pending or running:
            while pending and len(running) < _AT_ONCE:
                self._begin(pending.pop(), running, done)
            if not running:
                continue
            try:
                uri, outcome = done.get(timeout=max(0.0, min(when for _, when in running.values()) - time.monotonic()))
            except queue.Empty:
                self._give_up(running)
                continue
            if running.pop(uri, None) is not None:  # else it comes too late
                self._note(uri, outcome)

    def judge(self, use: SecretUse, schema: ResolvedSchema) -> Iterator[Diagnostic]:
        """Yield an error for each reference of a document that cannot be resolved, or whose value does not fit."""
        refs = _refs(use)
        missing = {path: self._problems[ref.uri] for path, ref in refs.items() if ref.uri in self._problems}
        for path, problem in missing.items():
            yield _error(rules.UNRESOLVED_SECRET, problem, use, path, _HELP)
        texts = {path: ref.template.replace("{}", self._values[ref.uri], 1)
                 for path, ref in refs.items() if path not in missing}  # fmt: skip
        broken: dict[tuple[Path, str], list[str]] = {}
        for path, keyword in schema.breaks(filled(use.settings, texts)):
            here = path if path in texts else None if missing else _near(path, texts)
            if here is not None:
                broken.setdefault((here, ".".join(["settings", *map(str, path)])), []).append(f"`{keyword}`")
        for (here, name), keywords in broken.items():
            which = " and ".join(dict.fromkeys(keywords))
            message = f"the value of {refs[here].uri} does not fit `{name}`: it breaks {which} of the schema"
            yield _error(rules.SECRET_MISFIT, message, use, here, "the value is not shown: look at it where it is")

    def _begin(
        self,
        ref: SecretRef,
        running: dict[str, tuple[SecretRef, float]],
        done: "queue.SimpleQueue[tuple[str, str | Exception]]",
    ) -> None:
        if self._slow.get(ref.scheme, 0) >= _PATIENCE:
            self._problems[ref.uri] = f"{ref.uri} was not tried: {ref.scheme}: did not answer in time before"
            return
        running[ref.uri] = ref, time.monotonic() + self._deadline
        # A daemon: one that hangs must not keep the process.
        threading.Thread(target=self._try, args=(ref, done), name=f"secret-{ref.scheme}", daemon=True).start()

    def _try(self, ref: SecretRef, done: "queue.SimpleQueue[tuple[str, str | Exception]]") -> None:
        try:
            outcome: str | Exception = self._resolver.fetch(ref)
        except Exception as error:  # noqa: BLE001 — a provider may be anybody's
            outcome = error
        done.put((ref.uri, outcome))

    def _note(self, uri: str, outcome: "str | Exception") -> None:
        if isinstance(outcome, str):
            self._values[uri] = outcome
        elif isinstance(outcome, ReconcileError):
            self._problems[uri] = str(outcome)
        else:  # its text is a stranger's, and may hold anything
            self._problems[uri] = f"{uri} cannot be resolved: its provider failed with {type(outcome).__name__}"

    def _give_up(self, running: dict[str, tuple[SecretRef, float]]) -> None:
        now = time.monotonic()
        for uri, (ref, when) in list(running.items()):
            if when <= now:
                del running[uri]
                self._slow[ref.scheme] = self._slow.get(ref.scheme, 0) + 1
                self._problems[uri] = f"{uri} was not resolved within {self._deadline:g} s"


def _refs(use: SecretUse) -> dict[Path, SecretRef]:
    found = {path: SecretRef.parse(value) for path, value in references(use.settings)}
    return {path: ref for path, ref in found.items() if ref is not None and path in use.places}


def _near(path: Path, texts: Mapping[Path, str]) -> Path | None:
    """Return a reference beneath the place that does not fit, or above it, or any."""
    beneath = [one for one in texts if one[: len(path)] == path or path[: len(one)] == one]
    return next(iter([*beneath, *texts]), None)


def _error(rule: str, message: str, use: SecretUse, path: Path, hint: str) -> Diagnostic:
    return Diagnostic(rule, Severity.ERROR, message, use.places[path], hint, ("settings", *path, "secret"))
