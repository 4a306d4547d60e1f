"""A digest of the code that judges documents: what an older or a newer one found says nothing about this one's verdict.

Asked by `Validator.basis`. It looks at the status of files, not at their bytes: a package that was installed anew, or
edited in place, is another one.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from importlib.util import find_spec
from pathlib import Path

import reconciler
from reconciler._version import __version__
from reconciler.config.files import signature

_OURS = ("config", "core", "model")
_THEIRS = ("yaml", "jsonschema_rs", "cel_expr_python", "jinja2")
"""The libraries that a verdict comes out of; looked for, not imported."""


def code_digest(version: str = __version__, libraries: Sequence[str] = _THEIRS) -> str:
    """Return the digest; the empty string where the code is not in plain files, so that nothing can be known of it."""
    summed = blake2b(f"{version} {sys.version}".encode(), digest_size=16)
    try:
        for name, seen in _files(libraries):
            summed.update(name.encode() + seen)
    except OSError:
        return ""
    return summed.hexdigest()


def _files(libraries: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    package = Path(reconciler.__file__).parent
    for name in _OURS:
        for where, folders, files in os.walk(package / name, onerror=_refuse):
            folders[:] = sorted(folder for folder in folders if folder != "__pycache__")
            yield from _seen(where, files)
    for name in libraries:
        found = find_spec(name)
        places = list(found.submodule_search_locations or ()) if found is not None else []
        if not places:
            raise FileNotFoundError(name)
        for place in places:
            yield from _seen(place, [entry.name for entry in os.scandir(place) if entry.is_file()])


def _seen(where: str, files: Iterable[str]) -> Iterator[tuple[str, bytes]]:
    for name in sorted(files):
        yield name, signature(Path(where, name).stat())


def _refuse(error: OSError) -> None:
    raise error
