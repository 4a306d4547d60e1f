"""The inventory of effects that outlive the process: a row for each, in memory and in the state directory.

Written ahead: a row is on disk before the effect comes about, and leaves it after the effect has gone. ResourceHooks
use it from the threads of their lanes; `cleaner.py` asks it what waits to be removed.
"""

import json
import threading
from collections.abc import Callable, Iterable
from collections.abc import Set as AbstractSet
from concurrent.futures import Future
from typing import Any, Protocol

from msgspec import Struct
from msgspec.structs import replace

from reconciler.model.config import ConfigDocument
from reconciler.model.effect import EffectRow, EffectStatus
from reconciler.model.errors import TerminalError, TransientError
from reconciler.model.json import Json, Path
from reconciler.model.ports import Clock
from reconciler.model.secret import Secret
from reconciler.sdk.hooks.base import Hook
from reconciler.sdk.hooks.resource import ResourceHook

MAX_HANDLE = 16 * 1024


class EffectStore(Protocol):
    """The part of the state store that keeps the rows."""

    def load_effects(self) -> list[EffectRow]:
        """Return all rows, waiting for them."""

    def save_effect(self, row: EffectRow) -> "Future[None]":
        """Put a row; done when it is on disk."""

    def forget_effect(self, owner: str, key: str) -> "Future[None]":
        """Drop a row; done when that is on disk."""


class Declarer(Struct, frozen=True):
    """Who declares effects: its id, its document where it is a configuration, and the secrets it knows.

    Those of references are kept with their `places`, as they were resolved: nearly nobody asks for them.
    """

    owner: str
    document: ConfigDocument | None = None
    places: tuple[tuple[Path, Secret], ...] = ()
    literals: tuple[Secret, ...] = ()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """All that it knows."""
        return (*[secret for _, secret in self.places], *self.literals)


class Effects:
    """Rows by owner and key. Every method may be called from any thread. `masked` takes secrets out of a text.

    `may_keep` says whether a document may be written to the state directory. `acts` is false in one pass: its state
    directory is thrown away, and nobody would know what to remove. `following` is for a worker: the inventory is the
    runner's, and is read when this process becomes it.
    """

    def __init__(
        self,
        store: EffectStore,
        clock: Clock,
        *,
        following: bool = False,
        masked: Callable[[str], str] = str,
    ) -> None:
        self._store = store
        self._masked = masked
        self._clock = clock
        self._lock = threading.Lock()
        self._rows: dict[str, dict[str, EffectRow]] = {}
        self._sharers: dict[tuple[str, str], set[str]] = {}
        self._holders: dict[tuple[str, str], object] = {}
        self._busy: dict[tuple[str, str], EffectStatus] = {}
        self.acts = True
        self.may_keep: Callable[[ConfigDocument], bool] = lambda _: False
        if not following:
            self.load()

    def load(self) -> None:
        """Read the inventory, waiting for it."""
        for row in self._store.load_effects():
            self._put(row)

    def of(self, owner: str) -> tuple[EffectRow, ...]:
        """Return the rows of an owner, by key."""
        rows = self._rows.get(owner)
        if not rows:
            return ()
        return tuple(sorted(rows.copy().values(), key=lambda row: row.key))

    def has(self, owner: str) -> bool:
        """Whether an owner has rows."""
        return bool(self._rows.get(owner))

    def among(self, owners: AbstractSet[str]) -> set[str]:
        """Return those of `owners` that have rows."""
        return {owner for owner in self._rows.keys() & owners if self.has(owner)}

    def owners(self, integration: str | None = None) -> list[str]:
        """Return who has rows, of one integration or of all."""
        return sorted(owner for owner in self._rows.copy() if integration in (None, owner.partition("/")[0]))

    def handle(self, declarer: Declarer, key: str) -> "OwnedEffect":
        """Return the row of one effect for the hook that declares it, which holds it from now on."""
        holder = OwnedEffect(self, declarer, key)
        with self._lock:
            self._holders[declarer.owner, key] = holder
            self._busy.pop((declarer.owner, key), None)
        return holder

    def forget(self, owner: str, key: str | None = None) -> int:
        """Drop the rows of an owner, or one of them, whatever is outside; returns how many were there."""
        found = [row for row in self.of(owner) if key in (None, row.key)]
        with self._lock:
            writes = [self._drop((row.owner, row.key)) for row in found]
        for write in writes:
            write.result(10)
        return len(found)

    def write_again(self) -> "list[Future[None]]":
        """Write every row into a database that was rebuilt; whoever waits for them hears what failed."""
        with self._lock:  # what is dropped from now on is dropped after it was written
            return [self._store.save_effect(row) for rows in self._rows.values() for row in rows.values()]

    # --- for OwnedEffect ----------------------------------------------------------------------------------------

    def begin(self, holder: object, declarer: Declarer, key: str) -> "Future[None]":
        """Note an intent; a handle that is known is kept. Raises TransientError while a twin is being removed."""
        place = (declarer.owner, key)
        if self._masked(key) != key:
            raise TerminalError(f"{declarer.owner}: the key of an effect holds the value of a secret, and is kept")
        document = declarer.document
        kept = document.raw if document is not None and self.may_keep(document) else None
        with self._lock:
            for twin in self._twins(place):
                if self._busy.get((twin.owner, key)) is EffectStatus.REMOVING:
                    raise TransientError(f"{declarer.owner}: the effect {key!r} is being removed for {twin.owner}")
            old = self._row(place)
            handle = old.handle if old is not None else None
            row = self._put(EffectRow(*place, EffectStatus.INTENT, handle, self._clock.time(), kept))
            self._holders[place], self._busy[place] = holder, EffectStatus.INTENT
        return self._store.save_effect(row)

    def hold(self, holder: object, declarer: Declarer, key: str, handle: Json) -> "Future[None]":
        """Note a handle."""
        _check_handle(declarer, key, handle, self._masked)
        return self._change(holder, (declarer.owner, key), EffectStatus.HELD, handle)

    def take(self, holder: object, owner: str, key: str) -> "Future[EffectRow | None]":
        """Note that a removal begins, and return the row as it was; None where there is nothing to remove.

        That is so when the row is gone, when a later hook of the owner holds it, and when another configuration of the
        integration holds the very same effect: the same key and the same handle. Raises TransientError while a
        twin is being ensured, for it may turn out to be the same.
        """
        place = (owner, key)
        with self._lock:
            row = self._row(place)
            if row is None or self._holders.get(place, holder) is not holder:
                return _done(None)
            twins = self._twins(place)
            if any(self._busy.get((twin.owner, key)) is EffectStatus.INTENT for twin in twins):
                raise TransientError(f"{owner}: the effect {key!r} is being ensured for another configuration")
            if any(_same(row, twin) for twin in twins):
                return _after(self._drop(place), None)
            going = self._put(replace(row, status=EffectStatus.REMOVING, since=self._clock.time()))
            self._busy[place] = EffectStatus.REMOVING
        return _after(self._store.save_effect(going), row)

    def drop(self, holder: object, owner: str, key: str) -> "Future[None]":
        """The effect is gone; does nothing when another hook holds the row meanwhile."""
        with self._lock:
            if self._holders.get((owner, key), holder) is not holder:
                return _done(None)
            return self._drop((owner, key))

    def rest(self, holder: object, owner: str, key: str) -> None:
        """Nothing is done with it at the moment."""
        with self._lock:
            if self._holders.get((owner, key), holder) is holder:
                self._busy.pop((owner, key), None)

    def _change(self, holder: object, place: tuple[str, str], status: EffectStatus, handle: Json) -> "Future[None]":
        with self._lock:
            row = self._row(place)
            if row is None or self._holders.get(place) is not holder:
                return _done(None)  # forgotten, or taken over, while it was being ensured
            row = self._put(replace(row, status=status, handle=handle, since=self._clock.time()))
        return self._store.save_effect(row)

    def _row(self, place: tuple[str, str]) -> EffectRow | None:
        return self._rows.get(place[0], {}).get(place[1])

    def _put(self, row: EffectRow) -> EffectRow:
        self._rows.setdefault(row.owner, {})[row.key] = row
        self._sharers.setdefault((row.integration, row.key), set()).add(row.owner)
        return row

    def _drop(self, place: tuple[str, str]) -> "Future[None]":
        owner, key = place
        self._holders.pop(place, None)
        self._busy.pop(place, None)
        if self._rows.get(owner, {}).pop(key, None) is not None:
            if not self._rows[owner]:
                del self._rows[owner]
            sharers = self._sharers[owner.partition("/")[0], key]
            sharers.discard(owner)
            if not sharers:
                del self._sharers[owner.partition("/")[0], key]
        return self._store.forget_effect(owner, key)

    def _twins(self, place: tuple[str, str]) -> list[EffectRow]:
        """Return the rows of other owners of the same integration that have the same key."""
        owner, key = place
        sharers = self._sharers.get((owner.partition("/")[0], key), set())
        return [self._rows[other][key] for other in sharers if other != owner]


class OwnedEffect:
    """Implements EffectHandle for one hook."""

    def __init__(self, effects: Effects, declarer: Declarer, key: str) -> None:
        self._effects = effects
        self._declarer = declarer
        self._key = key

    @property
    def acts(self) -> bool:
        """Whether effects are to come about at all."""
        return self._effects.acts

    def begin(self) -> "Future[None]":
        """Note the intent."""
        return self._effects.begin(self, self._declarer, self._key)

    def hold(self, handle: Json) -> "Future[None]":
        """Note the handle."""
        return self._effects.hold(self, self._declarer, self._key, handle)

    def take(self) -> "Future[EffectRow | None]":
        """Note that its removal begins."""
        return self._effects.take(self, self._declarer.owner, self._key)

    def drop(self) -> "Future[None]":
        """Note that it is gone."""
        return self._effects.drop(self, self._declarer.owner, self._key)

    def rest(self) -> None:
        """Nothing is done with it at the moment."""
        self._effects.rest(self, self._declarer.owner, self._key)


def effect_keys(hooks: Iterable[Hook]) -> frozenset[str]:
    """Return the keys of the effects that `hooks` declare."""
    return frozenset(hook.key for hook in hooks if isinstance(hook, ResourceHook))


def _same(row: EffectRow, twin: EffectRow) -> bool:
    """Whether two rows of one key stand for one effect: their handles are equal, and known."""
    known = row.handle is not None or EffectStatus.HELD is row.status is twin.status
    return known and row.handle == twin.handle


def _check_handle(declarer: Declarer, key: str, handle: Json, masked: Callable[[str], str]) -> None:
    """Raise TerminalError for a handle that may not be kept; the message holds nothing of it."""
    where = f"{declarer.owner}: what ensure() of the effect {key!r} returned"
    try:
        text = json.dumps(handle, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise TerminalError(f"{where} is not a JSON value: expected texts, numbers, lists, mappings") from None
    if len(text.encode("utf-8", "surrogatepass")) > MAX_HANDLE:
        raise TerminalError(f"{where} is larger than {MAX_HANDLE // 1024} KiB: keep what remove(handle) needs, an id")
    for secret in declarer.secrets:  # a service may answer with one that our code has never revealed
        secret.reveal()
    if masked(text) != text:
        raise TerminalError(f"{where} holds the value of a secret, which is never kept: return an id")


def _done(result: Any) -> "Future[Any]":
    future: Future[Any] = Future()
    future.set_result(result)
    return future


def _after(write: "Future[None]", result: Any) -> "Future[Any]":
    """Return a future of `result` that is done when `write` is."""
    future: Future[Any] = Future()

    def ended(written: "Future[None]") -> None:
        error = written.exception()
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)

    write.add_done_callback(ended)
    return future
