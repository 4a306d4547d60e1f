"""Where the house's files are, for the tests beside this."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (ROOT / "reconciler", ROOT / "integrations" / "reconciler_integrations")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def modules() -> list[Path]:
    """Return every module of the two packages."""
    return sorted(path for package in PACKAGES for path in package.rglob("*.py"))


def pages() -> list[Path]:
    """Return every page of documentation."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *PACKAGES[1].rglob("*.md")])


def fences(language: str) -> list[tuple[str, str]]:
    """Return every fenced block of `language` in the documentation, each with its place."""
    found = []
    for page in pages():
        text = page.read_text(encoding="utf-8")
        for match in FENCE.finditer(text):
            if match[1] == language:
                line = text.count("\n", 0, match.start()) + 1
                found.append((f"{page.relative_to(ROOT)}:{line}", match[2]))
    return found


def tracked() -> list[Path]:
    """Return every text file that belongs to the project, whether or not it is committed yet."""
    skipped = {".git", ".venv", ".hypothesis", ".reconcile", "__pycache__", "dist", "build"}
    skipped |= {file.parent.name for file in ROOT.glob("*/pyvenv.cfg")}  # virtual environments, whatever their names
    suffixes = {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".txt", ".lock", ""}
    return sorted(
        path
        for path in ROOT.rglob("*")
        if path.suffix in suffixes and not skipped & set(path.relative_to(ROOT).parts) and path.is_file()
        and not any(part.endswith("_cache") for part in path.relative_to(ROOT).parts)
    )  # fmt: skip
