"""What the owners of a directory allow in each of its folders, and what of a document breaches that. Pure.

`read.py` makes a policy out of `reconcile.toml`; the directory and `validate` ask it for the bounds of each file, and
the validator judges documents by them. Every entry that covers a file applies: a deeper one cannot loosen another.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field
from msgspec.structs import replace

from reconciler.config.explain.text import place_name, shorten
from reconciler.config.policy.globs import Ids, Patterns, References
from reconciler.config.policy.narrowing import NO_KEY, Narrowing
from reconciler.config.references import references
from reconciler.model.diagnostic import Diagnostic, Related, Severity, Span
from reconciler.model.json import Path
from reconciler.model.rules import POLICY
from reconciler.model.secret import SecretRef

if TYPE_CHECKING:
    from reconciler.config.yaml.reader import RawDocument

_KEEP: Final = 100_000
_ASK: Final = "or ask the owners of reconcile.toml"


class Breach(Struct, frozen=True):
    """What is against an entry: the key of the entry, the place in the document, what is said and advised."""

    key: Path
    path: Path
    message: str
    help: str
    at_key: bool = False


class Folder(Struct, frozen=True):
    """One `[[folder]]`: which files it covers, and what their documents must keep to; None and empty ask for nothing.

    `scope` names the keys that a document's scope must have, with the values that are allowed there; `places` tells
    where each key of the entry stands.
    """

    label: str
    patterns: Patterns
    name_prefix: str = ""
    integrations: frozenset[str] | None = None
    scope: Mapping[str, Sequence[str]] = field(default_factory=dict)
    secrets: References | None = None
    settings: Mapping[str, Narrowing] = field(default_factory=dict)
    fallbacks: Ids | None = None
    places: Mapping[Path, Span] = field(default_factory=dict)

    def breaches(self, raw: Mapping[str, Any], refs: Mapping[Path, str]) -> Iterator[Breach]:
        """Yield what of a document is not allowed; what is not of the right type is left to the schemas.

        `refs` are the secret references in its settings, by place.
        """
        name, integration, settings = raw.get("name"), raw.get("integration"), raw.get("settings")
        if self.name_prefix and name.__class__ is str and not name.startswith(self.name_prefix):
            message = f"`name`: {self._asks} a name that begins with `{self.name_prefix}`, found `{shorten(name)}`"
            yield Breach(("name_prefix",), ("name",), message, f"such as {shorten(self.name_prefix + name)}, {_ASK}")
        if self.integrations is not None and integration.__class__ is str and integration not in self.integrations:
            message = f"`integration`: {self._asks} other integrations than `{shorten(integration)}`"
            yield Breach(("integrations",), ("integration",), message, _allowed(sorted(self.integrations)))
        if self.scope:
            yield from self._scope(raw.get("scope"))
        if self.secrets is not None:
            for path, uri in refs.items():
                if not self.secrets.allow(uri):
                    yield self._secret(("settings", *path), self.secrets)
        if self.fallbacks is not None:
            yield from self._fallback(raw.get("delivery"), self.fallbacks)
        narrowing = self.settings.get(integration) if integration.__class__ is str else None
        if narrowing is not None:
            for path, expected in narrowing.misfits({} if settings is None else settings, refs):
                yield self._narrowed(str(integration), ("settings", *path), expected)

    @property
    def _asks(self) -> str:
        return f"the policy of `{shorten(self.label)}` asks for"

    def _scope(self, scope: Any) -> Iterator[Breach]:
        given = scope if isinstance(scope, Mapping) else {}
        for key, allowed in self.scope.items():
            value = given.get(key)
            values = value if isinstance(value, list) else [value]
            if value is None or not values:
                path: Path = ("scope", key) if key in given else ("scope",) if given else ()
                message = f"`scope.{key}` is missing: {self._asks} {_one_of(allowed)}"
                yield Breach(("scope", key), path, message, f"write scope: {{{key}: {allowed[0]}}}, {_ASK}")
            for index, one in enumerate(values if value is not None else ()):
                if one not in allowed:
                    path = ("scope", key, index) if value is values else ("scope", key)
                    message = f"`{place_name(path)}`: {self._asks} {_one_of(allowed)}"
                    yield Breach(("scope", key), path, message, f"write {allowed[0]}, {_ASK}")

    def _fallback(self, delivery: Any, allowed: Ids) -> Iterator[Breach]:
        fallback = delivery.get("fallback") if isinstance(delivery, Mapping) else None
        if isinstance(fallback, str) and not allowed.allow(fallback):
            message = f"`delivery.fallback`: {self._asks} other fallbacks than `{shorten(fallback)}`"
            yield Breach(("fallbacks",), ("delivery", "fallback"), message, _allowed(allowed.texts))

    def _secret(self, path: Path, allowed: References) -> Breach:
        # What was written is not repeated: somebody may have put a value there.
        message = f"`{place_name(path)}`: {self._asks} other secret references than this one"
        return Breach(("secrets",), (*path, "secret"), message, _allowed(allowed.texts))

    def _narrowed(self, integration: str, path: Path, expected: str) -> Breach:
        message = f"`{place_name(path)}`: {self._asks} {expected}"
        return Breach(("settings", integration), path, message, f"change it, {_ASK}", expected == NO_KEY)


class Bounds:
    """What one file's documents must keep to: every entry that covers the file."""

    def __init__(self, folders: Sequence[Folder]) -> None:
        self.folders = tuple(folders)

    def breaches(self, document: "RawDocument", file: str) -> list[Diagnostic]:
        """Return the errors that a document of the file makes, each with the place in the policy."""
        raw = document.value
        if raw.__class__ is not dict:
            return []
        refs = _references(raw.get("settings"))
        folders = self.folders
        return [_finding(one, folder, document, file) for folder in folders for one in folder.breaches(raw, refs)]

    def permit(self, raw: Mapping[str, Any]) -> bool:
        """Whether a document that was good once may still run."""
        refs = _references(raw.get("settings"))
        return not any(next(folder.breaches(raw, refs), None) for folder in self.folders)


class _Nothing(Bounds):
    """Bounds of every file while the policy is not known: nothing new is taken, what was good before runs on."""

    def __init__(self, file: str) -> None:
        super().__init__(())
        self._file = file

    def breaches(self, document: "RawDocument", file: str) -> list[Diagnostic]:
        """Return the one error that there is to say."""
        message = f"the policy is not known: {self._file} has an error, so nothing new is taken"
        related = (Related(Span(self._file), "what is wrong here is a finding of its own"),)
        span = document.span(("name",), file)
        return [Diagnostic(POLICY, Severity.ERROR, message, span, f"fix {self._file}", (), related)]


class Policy:
    """All entries of one directory. `key` changes whenever documents are to be judged again."""

    def __init__(self, folders: Sequence[Folder] = (), key: str = "") -> None:
        self.folders = tuple(folders)
        self.key = key
        self._known: dict[str, Bounds | bool] = {}
        """By folder: the bounds of all files in it, False for none, True where it depends on the file's name."""
        self._bounds: dict[tuple[int, ...], Bounds] = {}

    def shown_as(self, file: str) -> "Policy":
        """Return the same policy with its own file named as `file` in findings."""
        folders = [
            replace(folder, places={key: replace(span, file=file) for key, span in folder.places.items()})
            for folder in self.folders
        ]
        return Policy(folders, self.key)

    def bounds(self, file: str, target: str = "") -> Bounds | None:
        """Return what the documents of a file must keep to, or None; paths are relative to the root.

        `target` is the file that a link leads to, where it is another one: then what covers either applies. May be
        called from any thread.
        """
        if target and target != file:
            return self._of(tuple(i for i, f in enumerate(self.folders) if self._covers(f, file, target)))
        folder = file.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            if len(self._known) >= _KEEP:
                self._known.clear()
            known = self._known[folder] = self._decide(folder)
        if known is True:
            return self._of(tuple(i for i, entry in enumerate(self.folders) if entry.patterns.cover(file)))
        return known or None

    def _decide(self, folder: str) -> "Bounds | bool":
        verdicts = [entry.patterns.decide(folder) for entry in self.folders]
        return None in verdicts or self._of(tuple(i for i, verdict in enumerate(verdicts) if verdict)) or False

    @staticmethod
    def _covers(folder: Folder, file: str, target: str) -> bool:
        return folder.patterns.cover(file) or folder.patterns.cover(target)

    def _of(self, indices: tuple[int, ...]) -> Bounds | None:
        if not indices:
            return None
        found = self._bounds.get(indices)
        if found is None:
            if len(self._bounds) >= _KEEP:
                self._bounds.clear()
            found = self._bounds[indices] = Bounds([self.folders[index] for index in indices])
        return found


class UnknownPolicy(Policy):
    """Stands for a policy that cannot be read, where none was known before."""

    def __init__(self, file: str) -> None:
        super().__init__((), "?")
        self._nothing = _Nothing(file)

    def bounds(self, file: str, target: str = "") -> Bounds:  # noqa: ARG002 — of every file
        """Return bounds that nothing new keeps to."""
        return self._nothing


def _references(settings: Any) -> dict[Path, str]:
    """Return every secret reference in settings, by its place in them."""
    found: dict[Path, str] = {}
    for key, value in settings.items() if settings.__class__ is dict else ():
        if value.__class__ is dict and len(value) == 1 and value.get("secret").__class__ is str:
            scheme, _, path_in_it = value["secret"].partition(":")  # nearly all of them: no need to look inside
            if scheme and path_in_it:
                found[key,] = value["secret"]
        elif value.__class__ is dict or value.__class__ is list:
            for path, inner in references(value, (key,)):
                ref = SecretRef.parse(inner)
                if ref is not None:
                    found[path] = ref.uri
    return found


def _finding(breach: Breach, folder: Folder, document: "RawDocument", file: str) -> Diagnostic:
    span = document.span(breach.path, file, key=breach.at_key)
    place = folder.places.get(breach.key) or folder.places.get(breach.key[:1]) or folder.places.get(())
    related = (Related(place, "the policy says so here"),) if place is not None else ()
    return Diagnostic(POLICY, Severity.ERROR, breach.message, span, breach.help, breach.path, related)


def _allowed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:12]) + (", …" if len(names) > 12 else "")
    return f"allowed here are {shown}" if names else f"none is allowed here: leave it out, {_ASK}"


def _one_of(values: Sequence[str]) -> str:
    shown = [f"`{shorten(value)}`" for value in values[:12]]
    return shown[0] if len(shown) == 1 else f"one of {', '.join(shown)}"
