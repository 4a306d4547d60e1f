"""How a plan is shown: the shapes of `-o` for who reads it, the formats of `--format` for who reports it.

`--format` goes the way of `validate`: several at once, each to stdout or to a file. Called by the verb alone.
"""

from functools import partial
from typing import Any, Final

from msgspec import Struct

from reconciler.cli.showing.targets import Target, parse_targets, write_reports
from reconciler.report.ansi import Palette

PLAN_FORMATS: Final = ("text", "json", "markdown")
_SHAPES: Final = {"table": "text", "json": "json", "yaml": "yaml"}


class Reports(Struct, frozen=True):
    """The reports that were asked for."""

    targets: tuple[Target, ...]

    @property
    def for_people(self) -> bool:
        """Whether stdout gets text, so that findings may stand there too."""
        return any(target == Target("text") for target in self.targets)

    def write(self, plan: dict[str, Any], amiss: str = "", nothing: str = "") -> None:
        """Write every report of a plan in its JSON form.

        `amiss` says what no plan can carry out, `nothing` what an empty one means where nothing is asked that runs.
        """
        write_reports(self.targets, partial(_render, plan, amiss, nothing))


def plan_reports(formats: str | None, output: str) -> Reports:
    """Return the reports that `--format` asks for, or the one of `-o`; a mistake ends the verb."""
    if formats is None:
        return Reports((Target(_SHAPES[output]),))
    return Reports(tuple(parse_targets(formats, PLAN_FORMATS)))


def _render(plan: dict[str, Any], amiss: str, nothing: str, name: str, colours: Palette) -> str:
    if name == "json":
        from reconciler.report.findings.json_report import render_json

        return render_json(plan)
    if name == "yaml":
        from reconciler.config.yaml.writer import write_yaml

        return write_yaml(plan)
    if name == "markdown":
        from reconciler.report.change.markdown import render_markdown

        return render_markdown(plan)
    if "from" in plan:
        from reconciler.report.change.text import render_change

        return "".join(render_change(plan, colours))
    from reconciler.report.plan_text import render_plan

    return "".join(render_plan(plan, colours, amiss, nothing))
