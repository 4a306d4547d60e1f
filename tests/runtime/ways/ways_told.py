"""What is known of a configuration, a document and an action as plain values, and where two of them differ."""

TIMES = {"since", "until", "started", "last_pass", "next_attempt", "seconds", "oldest_seconds"}


def looked(record):
    """Return what is known of a configuration after a look, before anything is done."""
    want = record.effective
    return {
        "id": record.id,
        "presence": want.desired.presence,
        "desired": of_document(want.desired.document),
        "place": (want.desired.file, want.desired.line, want.desired.persistable),
        "in force": of_document(want.document),
        "stale": want.stale,
        "flags": (want.known, want.waits, record.rotated, record.refused, record.drift),
        "accepted": of_document(record.accepted),
        "applied": of_document(record.applied),
        "runs": of_document(record.generation.document if record.generation is not None else None),
        "failure": record.failure and (record.failure.digest, record.failure.reason, record.failure.message),
        "waiting": (record.waiting, record.message),
        "imposed": repr(record.imposed.sending),
        "conditions": {
            one.type: (one.status, one.reason, one.message)
            for one in record.conditions.values()
            if not _was_clean_at_last(one.type, one.status)
        },
    }


def of_document(document):
    """Return a document as plain values."""
    return document and (document.id, document.digest, document.raw, document.literals)


def acted(action):
    """Return an action as plain values."""
    fields = (action.kind, action.key, action.reason, action.old_digest, action.new_digest, action.held)
    return (*fields, action.suspended, repr(action.changes))


def timeless(value, folder):
    """Return a value without times, and without the folder that all of it lies in."""
    if isinstance(value, dict):
        return {key: timeless(one, folder) for key, one in value.items() if key not in TIMES}
    if isinstance(value, list):
        return [timeless(one, folder) for one in value if not (isinstance(one, dict) and _is_trace(one))]
    return value.replace(folder, "") if isinstance(value, str) else value


def _is_trace(item):
    return _was_clean_at_last(item.get("type"), item.get("status"))


def _was_clean_at_last(kind, status):
    """Whether a condition says that something was cleaned up after all: at once, or at the second try, is chance.

    One configuration gives up an effect's key while another, beside it, takes it.
    """
    return (kind, status) == ("CleanedUp", "True")


def differences(one, other, place=""):
    """Return what of two values of the same kind is not the same, each with its place."""
    if isinstance(one, dict) and isinstance(other, dict) and one.keys() == other.keys():
        for key, value in one.items():
            yield from differences(value, other[key], f"{place}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, value in enumerate(one):
            yield from differences(value, other[index], f"{place}[{index}]")
    elif one != other:
        yield place, one, other
