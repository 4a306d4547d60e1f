"""The sentences about a change that its text and its Markdown share. Takes the JSON form, gives plain text."""

from collections.abc import Mapping
from typing import Any

_PRESENCE = {"invalid": "it is not valid", "unreadable": "it cannot be read", "duplicate": "two documents claim it"}


def broken(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the configurations that the change breaks."""
    return [one for one in plan.get("configs", ()) if one["change"] == "broken"]


def quiet(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the configurations that differ in their files, and of which nothing that runs hears."""
    acted_on = {action["key"] for action in plan["actions"]}
    return [one for one in plan.get("configs", ()) if one["change"] != "broken" and one["id"] not in acted_on]


def why_quiet(config: Mapping[str, Any]) -> str:
    """Say what a change without effect is."""
    if config["change"] == "moved":
        return f"moved: {config['old_file']} → {config['file']}"
    return f"{config['change']}, and disabled: nothing of it runs"


def what_stays(config: Mapping[str, Any]) -> str:
    """Say why a configuration is broken, and what runs of it."""
    stays = "what ran before goes on" if config["keeps_old"] else "nothing of it runs"
    return f"{_PRESENCE.get(config['presence'], 'it cannot be taken')}: {stays}"


def place(plan: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    """Return the file of a configuration, from where the user stands."""
    folder, file = plan.get("directory", ""), config["file"] or config["old_file"]
    return f"{folder}/{file}" if folder not in {"", "."} else file


def known(plan: Mapping[str, Any]) -> str:
    """Say that there are older errors, or nothing."""
    number = plan.get("known_errors", 0)
    return "" if not number else f"{number:,} {'error is' if number == 1 else 'errors are'} older than this change"
