#!/usr/bin/env python3
"""Write schema.json beside each integration's settings.py, generated from its pydantic model.

    python scripts/write_schemas.py [--check]

With --check nothing is written: exit 1 when a file is stale.
"""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ROOT / "integrations" / "reconciler_integrations"
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def main() -> int:
    """Write or check every schema; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only say which files are stale")
    check = parser.parse_args().check
    stale = [path for path, text in schemas().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        print(f"{'stale' if check else 'written'}: {path.relative_to(ROOT)}")
        if not check:
            path.write_text(schemas()[path])
    return 1 if check and stale else 0


def schemas() -> dict[Path, str]:
    """Return the text of each schema.json by its path."""
    return {
        settings.with_name("schema.json"): json.dumps(schema(settings.parent.name), indent=2, ensure_ascii=False) + "\n"
        for settings in sorted(PACKAGES.glob("*/settings.py"))
    }


def schema(name: str) -> dict[str, Any]:
    """Return the settings schema of one built-in integration."""
    module = importlib.import_module(f"reconciler_integrations.{name}.settings")
    model = getattr(module, f"{name.capitalize()}Settings")
    document = model.model_json_schema(by_alias=True)
    order = ("title", "description", "type", "properties", "required")
    return {
        "$schema": DIALECT,
        "x-secrets": "declared",  # a model takes a Secret where it says so: validation can tell
        **_tidy({key: document[key] for key in order if key in document} | document, named=True),
    }


def _tidy(value: Any, *, named: bool = False) -> Any:
    """Drop what pydantic adds and a person would not: titles made of names, and null for what may be left out."""
    if isinstance(value, list):
        return [_tidy(item, named=True) for item in value]
    if not isinstance(value, dict):
        return value
    value = _without_null(value)
    if not named:
        value = {key: item for key, item in value.items() if key != "title"}
    maps = ("properties", "$defs")
    return {key: _tidy_map(item) if key in maps else _tidy(item) for key, item in value.items()}


def _tidy_map(value: dict[str, Any]) -> dict[str, Any]:
    return {key: _tidy(item) for key, item in value.items()}


def _without_null(value: dict[str, Any]) -> dict[str, Any]:
    branches = value.get("anyOf", [])
    kept = [branch for branch in branches if branch != {"type": "null"}]
    if len(kept) == len(branches):
        return value
    rest = {key: item for key, item in value.items() if key not in ("anyOf", "default")}
    return {**kept[0], **rest} if len(kept) == 1 else {**rest, "anyOf": kept}


if __name__ == "__main__":
    sys.exit(main())
