"""Git without the filters that a repository names: they are programs, and git runs them to compare a file.

A file that a filter would have made equal then counts as changed, which is looked at: the safe side. Called by
`changes`, the only one who has git look into the work tree.
"""

import os

from msgspec.structs import replace

from reconciler.config.git.command import Git

_PROGRAMS = r"^filter\..*\.(clean|smudge|process|required)$"
_COUNT = "GIT_CONFIG_COUNT"


def without_filters(git: Git) -> Git:
    """Return `git` with every filter set to nothing, by variables: a filter's name may hold any character."""
    listed = git.tries("config", "--name-only", "-z", "--get-regexp", _PROGRAMS)
    keys = dict.fromkeys(os.fsdecode(listed or b"").split("\0")[:-1])
    if not keys:
        return git
    given = os.environ.get(_COUNT, "")
    first = int(given) if given.isdecimal() else 0
    settings = {_COUNT: str(first + len(keys))}
    for number, key in enumerate(keys, first):
        settings[f"GIT_CONFIG_KEY_{number}"] = key
        settings[f"GIT_CONFIG_VALUE_{number}"] = "false" if key.endswith(".required") else ""
    return replace(git, steering={**git.steering, **settings})
