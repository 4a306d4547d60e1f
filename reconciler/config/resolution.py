"""Resolves settings, one after the other, with what they share made once: a value, its `Secret`, their places.

A start resolves thousands of settings that have a few secrets at the same places. What was made of a reference at a
place serves all that have it there. Nothing else is remembered, and nothing longer than one call of the resolver
(`secrets.py`), so that the next one sees new values. The settings of each configuration are judged by themselves and as
a whole: whether a value fits may depend on anything that stands beside it.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Final

from reconciler.config.resolved import Resolved
from reconciler.model.errors import TerminalError
from reconciler.model.json import Path
from reconciler.model.secret import SHORTEST, Secret, SecretRef

if TYPE_CHECKING:
    from reconciler.config.schemas.schema import ResolvedSchema

_NESTED: Final = (dict, list)


class _Use:
    """One reference at one place, and what it leads to: the same object for all settings that have it there.

    The place is `key` in what stands at `holder`. `refs` and `places` are what is told of settings with nothing else.
    """

    __slots__ = ("holder", "key", "places", "ref", "refs", "secret", "text")

    def __init__(self, holder: Path, key: str | int, ref: SecretRef, text: str, secret: Secret) -> None:
        self.holder = holder
        self.key = key
        self.ref = ref
        self.text = text
        self.secret = secret
        self.refs = (ref.uri,)
        self.places: tuple[tuple[Path, Secret], ...] = (((*holder, key), secret),)


class Resolution:
    """What has been made so far for the settings of one call.

    `value_of` looks a reference up, `note` hears of the first use of each value, and `compiled` gives the schema that
    settings have to fit; it is not asked as long as there are no references.
    """

    def __init__(
        self,
        value_of: Callable[[SecretRef], str],
        note: Callable[[str], object],
        compiled: "Callable[[], ResolvedSchema] | None",
    ) -> None:
        self._value_of = value_of
        self._note = note
        self._compiled = compiled
        self._uses: dict[tuple[Path, str | int, str | tuple[str, str]], _Use] = {}

    def resolve(self, settings: Mapping[str, Any]) -> Resolved:
        """Return a copy of `settings`, which shares nothing that can be changed with them, with secrets in it.

        Raises what `value_of` does, and TerminalError when the copy does not fit the schema.
        """
        uses: list[_Use] = []
        copy = self._copy(settings, (), uses)
        if not uses:
            return Resolved(copy)
        schema = self._schema
        if schema is not None and not schema.is_valid(copy):
            raise TerminalError(_misfit(schema.misfits(copy), uses))
        for use in uses:
            holder: Any = copy
            for part in use.holder:
                holder = holder[part]
            holder[use.key] = use.secret
        if len(uses) == 1:
            return Resolved(copy, uses[0].refs, uses[0].places)
        refs = tuple(dict.fromkeys([use.ref.uri for use in uses]))
        return Resolved(copy, refs, tuple([use.places[0] for use in uses]))

    def _copy(self, value: Mapping[str, Any], path: Path, uses: list[_Use]) -> dict[str, Any]:
        """Copy a mapping, with what its references lead to as plain text, which a schema can judge; fills `uses`."""
        copy: dict[str, Any] = dict(value)
        for key, item in value.items():
            if isinstance(item, _NESTED):
                # Most are a reference without a format, and known: asking for that first is what makes a start quick.
                uri = item.get("secret") if type(item) is dict and len(item) == 1 else None
                use = self._uses.get((path, key, uri)) if type(uri) is str else None
                if use is None:
                    copy[key] = self._copy_item(item, path, key, uses)
                else:
                    copy[key] = use.text
                    uses.append(use)
        return copy

    def _copy_item(self, item: Any, path: Path, key: str | int, uses: list[_Use]) -> Any:
        ref = SecretRef.parse(item)
        if ref is None:
            here = (*path, key)
            if isinstance(item, list):
                return [
                    self._copy_item(one, here, i, uses) if isinstance(one, _NESTED) else one
                    for i, one in enumerate(item)
                ]
            return self._copy(item, here, uses)
        written = ref.uri if ref.template == "{}" else (ref.uri, ref.template)
        use = self._uses.get((path, key, written))
        if use is None:
            use = self._uses[path, key, written] = self._use(path, key, ref)
        uses.append(use)
        return use.text

    def _use(self, path: Path, key: str | int, ref: SecretRef) -> _Use:
        text, witness = self._value_of(ref), self._note
        if ref.template != "{}":
            text, witness = ref.template.replace("{}", text, 1), partial(_note_bare, witness, ref.template)
        return _Use(path, key, ref, text, Secret(text, witness))

    @cached_property
    def _schema(self) -> "ResolvedSchema | None":
        return self._compiled() if self._compiled is not None else None


def _misfit(misfits: Sequence[str], uses: Sequence[_Use]) -> str:
    places = {".".join(["settings", *map(str, path)]): use.ref for use in uses for path, _ in use.places}
    named = [f"{name} ({places[name].uri})" if name in places else name for name in misfits]
    return f"with its secrets resolved, {', '.join(named)} does not fit the integration's schema"


def _note_bare(note: Callable[[str], object], template: str, text: str) -> object:
    """Note what a format stands around, for that is the secret; all of it where it is too short by itself."""
    before, _, after = template.partition("{}")
    bare = text[len(before) : len(text) - len(after)]
    return note(bare if len(bare) >= SHORTEST else text)
