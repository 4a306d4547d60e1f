"""What the files say and what is to run, by the rules of the design and nothing else: the model of the laws of life."""

from dataclasses import dataclass, field


@dataclass
class File:
    """One file with one document. `doc` is None when it has an error, `claims` when not even its id can be read."""

    claims: str | None
    doc: dict | None
    last: set = field(default_factory=set)


class Model:
    """Files by name; the last good document and where it stood, by id."""

    def __init__(self):
        self.files = {}
        self.accepted = {}
        self.stood = {}

    def put(self, name, claims, doc):
        """A file is written."""
        old = self.files.get(name)
        last = {*old.last, *({old.claims} if old.claims else ())} if old is not None else set()
        self.files[name] = File(claims, doc, last)

    def remove(self, name):
        """A file is deleted."""
        del self.files[name]

    def rename(self, old, new):
        """A file is renamed."""
        self.files[new] = self.files.pop(old)

    def seen(self):
        """The engine has looked: what is good now is the last good, and what no file holds is forgotten."""
        for file in self.files.values():
            if file.doc is not None and len(self.claiming(file.claims)) == 1:
                file.last = set()
        for name, file in self.files.items():
            if file.doc is not None and len(self.claiming(file.claims)) == 1:
                self.accepted[file.claims], self.stood[file.claims] = file.doc, name
        for key in self.accepted:
            claiming = self.claiming(key)
            holding = claiming or sorted(name for name, file in self.files.items() if key in file.last)
            if len(claiming) <= 1 and holding and self.files[holding[0]].doc is None:
                self.stood[key] = holding[0]
        for key in set(self.accepted) - self.known():
            del self.accepted[key], self.stood[key]

    def survived(self, key, doc, other):
        """Of one id this is what is on disk, as `other` has it."""
        place = other.stood.get(key)
        for table, value in ((self.accepted, doc), (self.stood, place)):
            if value is None:
                table.pop(key, None)
            else:
                table[key] = value

    def restarted(self):
        """A new process knows of a file only what was written down when it was last good."""
        for name, file in self.files.items():
            file.last = {key for key, place in self.stood.items() if place == name}

    def claiming(self, key):
        """The files that name an id."""
        return [name for name, file in self.files.items() if file.claims == key]

    def known(self):
        """The ids that some file names, or held when it was last good."""
        return {key for file in self.files.values() for key in (file.claims, *file.last) if key}

    def wanted(self):
        """What is to run: serials by id, the last good ones where a file has an error or an id two places."""
        found = {}
        for key in self.known():
            doc = self.accepted.get(key)
            if doc is not None and doc.get("enabled", True):
                found[key] = doc["settings"]["serial"]
        return found
