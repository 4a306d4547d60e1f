"""Stand-ins for secrets: a rehearsal resolves none, and puts a text in the place of each that the schema takes.

Called by `rehearsal.py`. What an integration makes of a stand-in is told by the reference again: `<secret env:NAME>`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from msgspec import Struct

from reconciler.config.explain.engine import Engine
from reconciler.config.references import filled, references
from reconciler.config.resolved import Resolved
from reconciler.config.schemas.schema import ResolvedSchema, SettingsSchema
from reconciler.model.json import Path
from reconciler.model.secret import MASK, Secret, SecretRef
from reconciler.sdk.http_request import echoes


class StandIns(Struct, frozen=True):
    """Settings with stand-ins at the places of references; `labels` gives each stand-in the text that is shown."""

    resolved: Resolved
    labels: Mapping[str, str]

    def shown(self, value: Any) -> Any:
        """Return a JSON value with the label of every stand-in that is in its texts."""
        if isinstance(value, str):
            for text, label in self.labels.items():
                value = value.replace(text, label)
            return value
        if isinstance(value, Mapping):
            return {key: self.shown(item) for key, item in value.items()}
        return [self.shown(item) for item in value] if isinstance(value, list | tuple) else value


def stand_in(
    settings: Mapping[str, Any], schema: Mapping[str, Any] | None, *, may_hold_literals: bool = False
) -> StandIns:
    """Return `settings` with a stand-in for each reference: the first of a few forms that the schema takes.

    `may_hold_literals`: what stands at the place of a secret and is no reference is used as it is, and shown as a mask.
    """
    found = ((path, SecretRef.parse(value)) for path, value in references(settings))
    refs = {path: ref for path, ref in found if ref is not None}
    forms = {path: list(_forms(ref)) for path, ref in refs.items()}
    if refs and schema is not None:
        _choose(settings, ResolvedSchema(schema), refs, forms)
    values = {path: refs[path].template.replace("{}", forms[path][0], 1) for path in refs}
    uris, places = tuple(ref.uri for ref in refs.values()), tuple((path, Secret(values[path])) for path in refs)
    resolved = Resolved(filled(settings, values, Secret), uris, places)
    labels = {forms[path][0]: f"<secret {ref.uri}>" for path, ref in refs.items()}
    if may_hold_literals and schema is not None:
        labels |= dict.fromkeys(_literals(filled(settings, values), schema, {*values.values()}), MASK)
    # Longest first: one reference may be the beginning of another.
    return StandIns(resolved, dict(sorted(labels.items(), key=lambda item: -len(item[0]))))


def _choose(
    settings: Mapping[str, Any], schema: ResolvedSchema, refs: Mapping[Path, SecretRef], forms: dict[Path, list[str]]
) -> None:
    """Drop forms that the schema refuses, as long as there are others."""
    for _ in range(max(map(len, forms.values()))):
        values = {path: refs[path].template.replace("{}", forms[path][0], 1) for path in refs}
        misfits = set(schema.misfits(filled(settings, values)))
        refused = [path for path in refs if ".".join(["settings", *map(str, path)]) in misfits and len(forms[path]) > 1]
        if not refused:
            return
        for path in refused:
            forms[path].pop(0)


def _literals(settings: Any, schema: Mapping[str, Any], stand_ins: Collection[str]) -> Iterator[str]:
    """Yield the values at the places of secrets, and other spellings of them that may be sent."""
    found = Engine(SettingsSchema(schema, allow_plaintext=True).schema).errors(settings, 1)
    for text in {str(value) for _, value in found.hidden} - {*stand_ins, ""}:
        yield text
        yield from (secret.reveal() for secret in echoes((Secret(text),)))


def _forms(ref: SecretRef) -> Iterator[str]:
    slug = re.sub(r"[^A-Za-z0-9]+", "-", ref.uri).strip("-")
    yield f"<secret {ref.uri}>"
    yield f"<secret:{ref.uri}>"
    yield f"https://secret.invalid/{quote(ref.uri, safe='')}"
    yield f"secret-{slug}"
    yield f"secret{slug.replace('-', '')}"
    yield "10000000"
    yield f"<secret {ref.uri}>"
