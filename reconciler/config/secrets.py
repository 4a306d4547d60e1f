"""Resolves secret references: `env:` and `file:`, and whatever a host adds. A value never leaves its `Secret`."""

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes
from typing import Any

from reconciler.model.errors import SecretForbidden, SecretMissing, TerminalError
from reconciler.model.json import Path as JsonPath
from reconciler.model.ports import SecretProvider
from reconciler.model.secret import Secret, SecretRef

MAX_BYTES = 64 * 1024
"""The largest secret that is read from a file."""
RESERVED = "RECONCILE_"
"""Variables of this prefix are the daemon's own and never readable."""


@dataclass(frozen=True, slots=True)
class Resolved:
    """Settings with `Secret` objects at the places of references.

    `fingerprint` changes when a value does and says nothing of it; `refs` are the references, as written.
    """

    settings: Mapping[str, Any]
    fingerprint: str
    refs: tuple[str, ...]


class EnvProvider:
    """`env:NAME`, out of the environment that the process was given."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def check(self, path: str) -> str | None:
        """Return why a variable can never be read."""
        if path.upper().startswith(RESERVED):
            return f"variables that begin with {RESERVED} are reconcile's own and never readable"
        if not path.replace("_", "a").isalnum() or not path.isascii():
            return f"{path!r} is not a variable's name"
        return None

    def resolve(self, path: str) -> str:
        """Return a variable's value."""
        try:
            return self._environ[path]
        except KeyError:
            raise SecretMissing(f"the environment variable {path} is not set") from None


class FileProvider:
    """`file:PATH`, beneath one folder: links are followed and must stay inside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def check(self, path: str) -> str | None:
        """Return why a path can never be read."""
        if path.startswith("/") or "\0" in path or ".." in path.split("/"):
            return f"{path!r} leaves the secrets directory: write a path inside it, such as file:slack/token"
        return None

    def resolve(self, path: str) -> str:
        """Return a file's content, without one line feed at its end."""
        base = os.path.realpath(self._folder)
        target = os.path.realpath(os.path.join(base, path))
        if os.path.commonpath([base, target]) != base:
            raise SecretForbidden(f"file:{path} leads out of the secrets directory")
        try:
            handle = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            raise SecretMissing(f"file:{path} cannot be read: {error.strerror}") from None
        with os.fdopen(handle, "rb") as opened:
            if not stat.S_ISREG(os.fstat(opened.fileno()).st_mode):
                raise SecretMissing(f"file:{path} is not a file")
            data = opened.read(MAX_BYTES + 1)
        if len(data) > MAX_BYTES:
            raise SecretForbidden(f"file:{path} is larger than {MAX_BYTES} bytes")
        try:
            return data.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError:
            raise SecretMissing(f"file:{path} is not UTF-8 text") from None


class SecretResolver:
    """Finds the provider of each reference by its scheme; `providers` adds to `env` and `file`."""

    def __init__(
        self, secrets_dir: Path, environ: Mapping[str, str], providers: Mapping[str, SecretProvider] | None = None
    ) -> None:
        self._providers: dict[str, SecretProvider] = {
            "env": EnvProvider(environ),
            "file": FileProvider(secrets_dir),
            **(providers or {}),
        }
        self._key = token_bytes(32)

    @property
    def schemes(self) -> list[str]:
        """The schemes that are known, sorted."""
        return sorted(self._providers)

    def check(self, ref: SecretRef) -> str | None:
        """Return why a reference can never resolve, or None; touches nothing outside."""
        provider = self._providers.get(ref.scheme)
        if provider is None:
            return f"the scheme {ref.scheme!r} is not known: known are {', '.join(self.schemes)}"
        return provider.check(ref.path)

    def resolve(self, settings: Mapping[str, Any], schema: Mapping[str, Any] | None) -> Resolved:
        """Resolve every reference in `settings`.

        A resolved value is checked against its property's own schema. Raises SecretMissing or SecretForbidden, and
        TerminalError, without the value, when it does not fit.
        """
        values: list[str] = []
        refs: list[str] = []

        def walk(value: Any, path: JsonPath) -> Any:
            if isinstance(value, dict):
                ref = SecretRef.parse(value)
                if ref is None:
                    return {key: walk(item, (*path, key)) for key, item in value.items()}
                text = self._one(ref)
                _check_value(text, path, schema)
                values.append(text)
                refs.append(ref.uri)
                return Secret(text)
            if isinstance(value, list):
                return [walk(item, (*path, index)) for index, item in enumerate(value)]
            return value

        resolved = {key: walk(item, (key,)) for key, item in settings.items()}
        return Resolved(resolved, self._fingerprint(values), tuple(refs))

    def _one(self, ref: SecretRef) -> str:
        problem = self.check(ref)
        if problem is not None:
            raise SecretForbidden(f"{ref.uri}: {problem}")
        value = self._providers[ref.scheme].resolve(ref.path)
        return ref.template.replace("{}", value, 1)

    def _fingerprint(self, values: list[str]) -> str:
        keyed = blake2b(key=self._key, digest_size=16)
        for value in values:
            data = value.encode("utf-8", "surrogateescape")
            keyed.update(len(data).to_bytes(8, "big") + data)
        return keyed.hexdigest()


def references(settings: Any, path: JsonPath = ()) -> Iterator[tuple[JsonPath, Any]]:
    """Yield every mapping in `settings` that has the key `secret`, well formed or not, with its place."""
    if isinstance(settings, dict):
        if "secret" in settings:
            yield path, settings
        for key, item in settings.items():
            if isinstance(item, dict | list):
                yield from references(item, (*path, key))
    elif isinstance(settings, list):
        for index, item in enumerate(settings):
            yield from references(item, (*path, index))


def _check_value(text: str, path: JsonPath, schema: Mapping[str, Any] | None) -> None:
    """Check a resolved value against the schema of its own property, where the path leads to one."""
    if schema is None:
        return
    from reconciler.config.schema import accepts_value

    if not accepts_value(schema, path, text):
        place = ".".join(str(part) for part in path)
        raise TerminalError(f"settings.{place}: the secret's value does not fit what the setting asks for")
