"""The files of the storm: edited at random from a seed, and compared with what a daemon says that it runs."""

import json
import os
from dataclasses import dataclass, field

from reconciler.config.catalogue import Catalogue
from reconciler.config.secrets import SecretResolver
from reconciler.config.tree.directory import Directory
from reconciler.config.validation import Validator
from reconciler.model.config import Presence

ANCHOR = "webhook/anchor"
EDITS = ("edit", "edit", "edit", "label", "break", "break", "repair", "rename", "delete", "disable", "rewrite")


@dataclass
class Id:
    """One configuration of the storm: where it stands now, what it was since the last check, what ran then."""

    key: str
    file: str | None = None
    broken: str | None = None
    renamed: bool = False
    lately: set = field(default_factory=set)
    ran: str | None = None


class Files:
    """A directory that somebody edits in haste. Every id keeps its file's content to itself."""

    def __init__(self, root, rng, url, count=8):
        self.root, self._rng, self._url = root, rng, url
        self._serial = self._names = 0
        self._validator = Validator(Catalogue(), secrets=SecretResolver(root / "secrets", {}))
        self.ids = {key: Id(key) for key in (ANCHOR, *(f"storm/s{n}" for n in range(count)))}
        root.mkdir()
        for one in self.ids.values():
            self._add(one)

    def edit(self):
        """Make one edit; returns what it was."""
        one = self._rng.choice(list(self.ids.values()))
        kind = self._rng.choice(EDITS)
        if one.file is None:
            kind = "add"
            self._add(one)
        elif kind in {"delete", "disable"} and one.key == ANCHOR:
            kind = "edit"
            self._write(one, self._document(one))
        elif kind == "delete":
            (self.root / one.file).unlink()
            one.file = one.broken = None
        elif kind == "rename" and not one.broken:
            old, one.file, one.renamed = one.file, self._fresh_name(one), True
            (self.root / old).rename(self.root / one.file)
        elif kind == "break":
            # A file that nobody has seen yet under its new name must say whose it is, or that one is rightly gone: the
            # anchor, to which every event goes, is never broken beyond that.
            one.broken = self._rng.choice(["syntax", "setting"]) if one.key != ANCHOR else "setting"
            name = one.key.replace("/", "\nname: ")
            bad = {"syntax": "integration: [", "setting": f"integration: {name}\nsettings: {{nonsense: 1}}\n"}
            self._replace(one, bad[one.broken])
        elif kind == "rewrite" and not one.broken:
            self._replace(one, (self.root / one.file).read_text() + "# once more\n")
        else:
            self._write(one, self._document(one, enabled=kind != "disable"))
        return kind

    def differences(self, items):
        """Return how the API's `items`, by id, differ from what a fresh look at the files asks for, as sentences."""
        directory = Directory(self.root, self._validator)
        directory.scan()
        found = []
        for one in self.ids.values():
            item = items.get(one.key)
            desired = directory.snapshot.get(one.key)
            if one.broken:
                found += self._broken(one, item)
            elif desired.presence is Presence.ABSENT:
                found += [f"{one.key} is {item['state']}, but no file names it"] if item else []
            elif item is None:
                found.append(f"{one.key} is not known")
            else:
                found += self._exact(one, item, desired.document)
        return found

    def unwritten(self, items, written):
        """Return what runs and is not written down yet, as sentences: until then the next life cannot know of it."""
        running = [
            one for one in self.ids.values() if items.get(one.key, {}).get("state") == "active" and not one.broken
        ]
        wanted = {one.key: (items[one.key]["digest"], one.file) for one in running}
        return [f"{key} is not written down" for key, found in wanted.items() if written.get(key) != found]

    def checked(self, items):
        """The daemon and the files agree: what runs now is what is the last good from here on."""
        for one in self.ids.values():
            one.ran = items.get(one.key, {}).get("digest")
            one.lately, one.renamed = set(), False

    @staticmethod
    def _exact(one, item, document):
        state = "active" if document.enabled else "disabled"
        digest = document.digest if document.enabled else None
        hooks = 2 if document.enabled and one.key != ANCHOR else 0
        seen = (item["state"], item["stale"], item["digest"], len(item["hooks"]))
        wanted = (state, False, digest, hooks)
        return [f"{one.key} is {seen}, the files ask for {wanted}: {item['message']}"] if seen != wanted else []

    @staticmethod
    def _broken(one, item):
        """A file with an error keeps its last good version running, which is one of those there were."""
        known = item is not None and item["state"] != "removing"
        digest = item["digest"] if known else None
        if digest is not None and not item["stale"]:
            return [f"{one.key} has an error in its file and is not stale"]
        may_be = {one.ran, *one.lately} | ({None} if one.renamed or one.lately else set())
        return [f"{one.key} runs {digest}, last good was one of {may_be}"] if digest not in may_be else []

    # --- writing ------------------------------------------------------------------------------------------------

    def _document(self, one, *, enabled=True):
        self._serial += 1
        integration, _, name = one.key.partition("/")
        document = {"integration": integration, "name": name, "enabled": enabled}
        if one.key == ANCHOR:
            document["labels"] = {"serial": str(self._serial)}
            document["settings"] = {"url": self._url, "headers": {"x-serial": str(self._serial)}}
            document["delivery"] = {"retry_for": "7d"}
        else:
            document["settings"] = {"serial": self._serial}
        return {**document, "events": [{"type": "storm.*"}]}

    def _add(self, one):
        one.file, one.renamed = self._fresh_name(one), True
        self._write(one, self._document(one))

    def _write(self, one, document):
        text = json.dumps(document, indent=1)
        checked = self._validator.check_value(document)
        one.broken = None
        one.lately.add(checked.document.digest if document["enabled"] else None)
        self._replace(one, text)

    def _replace(self, one, text):
        """Write by renaming into place, or slowly in the file itself."""
        path = self.root / one.file
        if self._rng.random() < 0.7 or not path.exists():
            fresh = path.with_name(f".{path.name}.new")
            fresh.write_text(text)
            fresh.replace(path)
            return
        with path.open("w") as opened:
            half = len(text) // 2
            opened.write(text[:half])
            opened.flush()
            os.fsync(opened.fileno())
            opened.write(text[half:])

    def _fresh_name(self, one):
        self._names += 1
        folder = self.root / self._rng.choice(["", "a", "b/c"])
        folder.mkdir(parents=True, exist_ok=True)
        return str((folder / f"{one.key.replace('/', '-')}-{self._names}.yaml").relative_to(self.root))
