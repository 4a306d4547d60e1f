"""Last known good, kept on disk: what was valid last and what started last, for every configuration.

What is good is known here; `good_writes.py` brings it to disk.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from typing import Any

from msgspec.structs import replace

from reconciler.config.checked import Checked
from reconciler.config.tree.snapshot import Snapshot
from reconciler.config.validation import Validator
from reconciler.model.config import ConfigDocument, Desired, Presence
from reconciler.model.good import Good, Known
from reconciler.runtime.engine_thread import Worker
from reconciler.runtime.loop.good_writes import GoodWrites
from reconciler.runtime.loop.world import ConfigRecord, World
from reconciler.runtime.state.state_store import StateStore

Permits = Callable[[ConfigDocument | None, str], bool]
"""Whether a document that was good once may still run, by the policy of its file."""


class Goods:
    """The rows of the state directory in memory, and the `writes` that bring them there. Used on the engine's loop.

    Only the runner is `writing`; in a worker the rows are kept in memory as they would be.
    """

    def __init__(
        self,
        store: StateStore,
        validator: Validator,
        world: World,
        disk: Worker,
        permits: Permits,
        *,
        writing: bool = True,
    ) -> None:
        self.writes = GoodWrites(store, lambda: self._rows, lambda: self._root, world.alarms, writing=writing)
        self._permits = permits
        self._store = store
        self._validator = validator
        self._world = world
        self._disk = disk
        self._rows: dict[str, Good] = {}
        self._known: dict[str, Known] = {}
        """What has been loaded, until it is read."""
        self._same: dict[str, ConfigDocument] = {}
        """The documents of files that say what was good and started last, where it stood: until the first pass ends."""
        self._refused: dict[str, tuple[ConfigDocument | None, ConfigDocument | None]] = {}
        """What was good, and started, last of ids for which the policy does not allow that now."""
        self._loaded: frozenset[str] = frozenset()
        self._root: str | None = None

    async def load(self) -> dict[str, Collection[str]]:
        """Read of which ids there are rows; returns the ids that each file held. `read` is to follow."""
        self._known = await asyncio.wrap_future(self._disk.run(self._store.load_known))
        self._root = await asyncio.wrap_future(self._disk.run(self._store.load_root))
        self._loaded = frozenset(self._known)
        self.writes.begin()
        known: dict[str, list[str]] = {}
        for row in self._known.values():
            known.setdefault(row.file, []).append(row.id)
        return dict(known)

    async def read(self, snapshot: Snapshot) -> list[str]:
        """Bring the rows into memory; returns the ids of those whose files do not say what was good and started last.

        The others, as nearly all are, need not be read: their files hold the same.
        """
        rows: dict[str, Good] = {}
        others: list[str] = []
        asked_for, same = snapshot.desired, self._same
        for key, known in self._known.items():
            desired = asked_for.get(key)
            document = desired.document if desired is not None else None
            if desired is None or document is None or not known.started or document.digest != known.digest:
                others.append(key)
                continue
            file, line = known.file, known.line
            if desired.file == file:
                file = desired.file  # one text serves both
                if desired.line == line:
                    same[key] = document
            rows[key] = Good(desired.id, file, line, document.digest, document.raw, document.raw)
        if others:
            found = await asyncio.wrap_future(self._disk.run(self._store.load_good, others))
            rows.update({key: row for key, row in found.items() if key in self._known})
        self._rows, self._known = rows, {}
        return others

    @property
    def root(self) -> tuple[int, int] | None:
        """Which folder the root was when what is good was read from it, or None where that is not known."""
        device, _, inode = (self._root or "").partition(":")
        return (int(device), int(inode)) if self._loaded and device.isdecimal() and inode.isdecimal() else None

    def note_root(self, identity: tuple[int, int] | None) -> None:
        """The root has been read, and is this folder."""
        text = "{}:{}".format(*identity) if identity is not None else self._root
        if text != self._root and text is not None and self.writes.writing:
            self._root = text
            self.writes.save_root()

    def ids(self) -> Iterator[str]:
        """Return the ids that have a last good document."""
        return iter({**self._known, **self._rows})

    def was_kept(self, config_id: str) -> bool:
        """Whether an id had a last good document on disk when the rows were read."""
        return config_id in self._loaded

    def file_of(self, config_id: str) -> str | None:
        """Return the file in which an id was last seen good."""
        row = self._rows.get(config_id)
        return row.file if row is not None else None

    def recall_same(self, record: ConfigRecord, desired: Desired) -> bool:
        """Give a record its last good documents where both are the one that its file holds; returns whether so."""
        row, current = self._rows.get(desired.id), desired.document
        if row is None or current is None or current.digest != row.digest or row.applied is not row.accepted:
            return False
        record.accepted = record.applied = current
        return True

    def recall_or_accept(self, record: ConfigRecord, desired: Desired) -> None:
        """The valid document of a new record is its last good one; as a rule it was that, and had started, before."""
        document = self._same.get(desired.id)
        if document is not None and document is desired.document:
            record.accepted = record.applied = document
            return
        self.recall_same(record, desired)
        self.accept(record, desired)

    async def recall(self, config_id: str, record: ConfigRecord, snapshot: Snapshot) -> None:
        """Give a record its last good documents, validated again against today's schemas and today's policy."""
        row = self._rows.get(config_id)
        if row is None:  # only an effect of it is known
            return
        current = snapshot.get(config_id).document
        if current is not None and current.digest == row.digest:
            record.accepted = current
        else:
            record.accepted = await self.checked(row.accepted)
        record.applied = record.accepted if row.applied == row.accepted else await self.checked(row.applied)
        self.keep_to_policy(snapshot.get(config_id))

    def keep_to_policy(self, desired: Desired) -> None:
        """Keep back last good documents, as long as the policy does not allow them where their id stands now.

        An id that several documents name, or none, stands where it was good: nobody stops another's by naming it.
        """
        record = self._world.configs.get(desired.id)
        if record is None:
            return
        accepted, applied = record.accepted, record.applied
        if accepted is not None and accepted is applied is desired.document and record.generation is None:
            record.refused = False  # as at nearly every start
            return
        elsewhere = desired.presence in {Presence.DUPLICATE, Presence.ABSENT}
        file = (self.file_of(desired.id) if elsewhere else None) or desired.file
        before = self._refused.pop(desired.id, (None, None))
        accepted, applied = accepted or before[0], applied or before[1]
        record.accepted = accepted if accepted == desired.document or self._permits(accepted, file) else None
        record.applied = applied if applied == desired.document or self._permits(applied, file) else None
        refused = (accepted if record.accepted is None else None, applied if record.applied is None else None)
        if refused != (None, None):
            self._refused[desired.id] = refused
        running = record.generation.document if record.generation is not None else None
        record.refused = running != desired.document and not self._permits(running, file)

    def keeps(self, document: ConfigDocument) -> bool:
        """Whether a document is one of those that are kept on disk; one with a plaintext secret never is."""
        row = self._rows.get(document.id)
        return row is not None and (row.digest == document.digest or row.applied == document.raw)

    async def checked(self, raw: Any) -> ConfigDocument | None:
        """Validate a stored document against today's schema; None when it is not valid any more."""
        if raw is None:
            return None
        checked: Checked = await asyncio.wrap_future(self._disk.run(self._validator.check_value, dict(raw)))
        return checked.document

    def accept(self, record: ConfigRecord, desired: Desired) -> None:
        """`desired` is valid: it is the last good document from now on."""
        document = desired.document
        assert document is not None
        old = self._rows.get(record.id)
        record.accepted = document
        if not desired.persistable:
            return
        if old is not None and (old.digest, old.file, old.line) == (document.digest, desired.file, desired.line):
            return
        applied = old.applied if old is not None else None
        self._put(Good(record.id, desired.file, desired.line, document.digest, document.raw, applied))

    def stands(self, desired: Desired) -> None:
        """An id has an error where it stands now: a later life must look for it there, not where it was last good."""
        row = self._rows.get(desired.id)
        in_error = desired.presence in {Presence.INVALID, Presence.UNREADABLE}
        if row is not None and in_error and row.file != desired.file:
            self._put(replace(row, file=desired.file, line=desired.line))

    def applied(self, record: ConfigRecord, document: ConfigDocument) -> None:
        """`document` has started."""
        record.applied = document
        row = self._rows.get(record.id)
        if row is None or row.digest != document.digest or row.applied is row.accepted:
            return
        self._rows[record.id] = Good(row.id, row.file, row.line, row.digest, row.accepted, row.accepted)
        self.writes.started(row)

    def adopt(self) -> None:
        """After a take-over: what runs here has started, whoever wrote that down last."""
        for record in self._world.configs.values():
            if record.generation is not None:
                self.applied(record, record.generation.document)

    def forget(self, config_id: str) -> None:
        """The removal of an id is carried out: nothing of it is good any more."""
        self._refused.pop(config_id, None)
        record = self._world.configs.get(config_id)
        if record is not None:
            record.accepted = record.applied = None
        self._same.pop(config_id, None)
        known, row = self._known.pop(config_id, None), self._rows.pop(config_id, None)
        if known or row:
            self.writes.forget(config_id)

    def open(self) -> None:
        """The first pass has ended: what was known of files before it is known by now."""
        self._same = {}
        self.writes.open()

    def _put(self, row: Good) -> None:
        self._rows[row.id] = row
        self._same.pop(row.id, None)
        self.writes.put(row)
