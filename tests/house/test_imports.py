"""Each third-party library is imported in as few modules as can serve; a new place is a decision, made here."""

import ast
import sys
from fnmatch import fnmatch
from pathlib import Path

from house import ROOT, modules

SETTINGS = ("integrations/reconciler_integrations/*/settings.py", "integrations/reconciler_integrations/_settings.py")
ALLOWED = {
    "yaml": ("reconciler/config/yaml/*.py",),
    "jsonschema": ("reconciler/config/explain/*.py", "reconciler/config/schemas/*.py"),
    "jsonschema_rs": ("reconciler/config/schemas/*.py", "reconciler/config/manifest.py"),
    "referencing": ("reconciler/config/schemas/*.py", "reconciler/config/explain/*.py"),
    "pydantic": ("reconciler/sdk/integration.py", "reconciler/runtime/lanes/unfit.py", *SETTINGS),
    "pydantic_core": ("reconciler/model/secret.py",),
    "watchfiles": ("reconciler/runtime/watch/*.py",),
    "typer": ("reconciler/cli/tree.py", "reconciler/cli/params.py", "reconciler/cli/root.py", "reconciler/cli/verbs/*.py"),
    "rich": ("reconciler/report/tables.py",),
    "starlette": ("reconciler/web/*.py",),
    "uvicorn": ("reconciler/web/*.py",),
    "jinja2": (
        "reconciler/core/template/sandbox.py",
        "reconciler/core/template/names.py",
        "reconciler/core/template/places.py",
    ),
    "httpx2": ("reconciler/sdk/http*.py",),
    "httpcore2": ("reconciler/sdk/http*.py",),
    "blinker": (),  # SignalHook needs the two methods that blinker and Django share, and imports neither
    "cronsim": ("reconciler/sdk/hooks/timetable.py",),
    "cel_expr_python": ("reconciler/core/filter/filter.py",),
    "msgspec": ("reconciler/*.py", "integrations/*.py"),  # value classes are its Structs, everywhere
    "prometheus_client": ("reconciler/runtime/telling/metric_registry.py", "reconciler/runtime/telling/metric_collectors.py",
                          "reconciler/web/scrape.py"),
}  # fmt: skip
OURS = {"reconciler", "reconciler_integrations"}


def imported(path: Path) -> set[str]:
    """Return the third-party packages that a module imports when it runs; what types alone need does not count."""
    names: set[str] = set()
    nodes = [ast.parse(path.read_text(encoding="utf-8"))]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        nodes.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            names.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names - OURS - sys.stdlib_module_names


def refused(path: Path) -> list[str]:
    name = str(path.relative_to(ROOT))
    return [
        f"{name}: {lib}" for lib in sorted(imported(path)) if not any(fnmatch(name, p) for p in ALLOWED.get(lib, ()))
    ]


def test_libraries_are_imported_where_they_may_be():
    assert [found for path in modules() for found in refused(path)] == []


def test_table_names_no_library_that_nobody_imports():
    used = set().union(*(imported(path) for path in modules()))
    assert {lib for lib, places in ALLOWED.items() if places} - used == set()
