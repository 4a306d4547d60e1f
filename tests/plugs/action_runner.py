"""Runs the steps of `action.yml` as GitHub's runner does, as far as this action uses it.

Scripts run in bash with the runner's own flags; `${{ … }}` is looked up in a table and nowhere else; `gh` is a program
of our own in PATH that keeps the comments of one pull request in a file and applies `--jq` with jq itself.
"""

import json
import os
import re
import stat
import sys
import textwrap

import yaml
from plugs import BIN, ROOT, call

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step["id"]: step for step in ACTION["runs"]["steps"]}
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
GH = """\
    #!{python}
    import json, pathlib, sys
    import jq
    store = pathlib.Path({store!r})
    words = sys.argv[1:]
    assert words.pop(0) == "api", words
    options, places = {{}}, []
    while words:
        word = words.pop(0)
        if word in ("--paginate", "--silent"):
            continue
        if word.startswith("--"):
            options[word] = words.pop(0)
        else:
            places.append(word)
    (place,) = places
    comments = json.loads(store.read_text())
    if "refused" in comments:
        sys.exit("gh: Resource not accessible by integration (HTTP 403)")
    method = options.get("--method", "GET")
    if method == "GET":
        assert place == "repos/o/r/issues/7/comments?per_page=100", place
        for found in jq.compile(options["--jq"]).input(comments["items"]).all():
            print(found)
        sys.exit()
    name, _, file = options["--field"].partition("=@")
    assert name == "body"
    body = pathlib.Path(file).read_text()
    if method == "POST":
        assert place == "repos/o/r/issues/7/comments", place
        comments["items"].append({{"id": len(comments["items"]) + 1, "user": {{"type": "Bot"}}, "body": body}})
    else:
        (one,) = [c for c in comments["items"] if place == f"repos/o/r/issues/comments/{{c['id']}}"]
        one["body"] = body
    store.write_text(json.dumps(comments))
"""


class Runner:
    """A job in `workspace`: run a step by its id, and look at its outputs, its page and the comments."""

    def __init__(self, workspace, temporary):
        self.workspace, self.temporary = workspace, temporary
        self.page, self.store = temporary / "page.md", temporary / "comments.json"
        self.keep_comments([])
        (temporary / "bin").mkdir()
        gh = temporary / "bin" / "gh"
        gh.write_text(textwrap.dedent(GH).format(python=sys.executable, store=str(self.store)), encoding="utf-8")
        gh.chmod(gh.stat().st_mode | stat.S_IXUSR)
        self.outputs = {}
        self.variables = {}

    def install(self):
        """Put this checkout's program where the action's first step puts the one that it installs."""
        folder = self.temporary / "reconcile" / "bin"
        folder.mkdir(parents=True)
        (folder / "reconcile").symlink_to(BIN / "reconcile")

    def keep_comments(self, items):
        self.store.write_text(json.dumps({"items": items}), encoding="utf-8")

    @property
    def comments(self):
        return [item["body"] for item in json.loads(self.store.read_text(encoding="utf-8"))["items"]]

    def step(self, name, known=None, **inputs):
        """Run one step; `known` holds what expressions other than inputs stand for: a CompletedProcess."""
        described = STEPS[name]
        table = {f"inputs.{key}": str(one.get("default", "")) for key, one in ACTION["inputs"].items()}
        table |= {f"inputs.{key}": value for key, value in inputs.items()} | (known or {})
        variables = {key: self._resolved(value, table) for key, value in described.get("env", {}).items()}
        output = self.temporary / f"{name}.output"
        output.touch()
        script = self.temporary / f"{name}.sh"
        script.write_text(described["run"], encoding="utf-8")
        done = call(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", script, cwd=self.workspace, timeout=280,
            GITHUB_ACTIONS="true", GITHUB_ACTION_PATH=str(ROOT), GITHUB_WORKSPACE=str(self.workspace),
            GITHUB_REPOSITORY="o/r", GITHUB_OUTPUT=str(output), GITHUB_STEP_SUMMARY=str(self.page),
            RUNNER_TEMP=str(self.temporary), PATH=f"{self.temporary / 'bin'}{os.pathsep}{os.environ['PATH']}", **variables, **self.variables,
        )  # fmt: skip
        lines = output.read_text(encoding="utf-8").splitlines()
        self.outputs[name] = dict(line.split("=", 1) for line in lines)
        return done

    def _resolved(self, value, table):
        return EXPRESSION.sub(lambda match: table[match[1]], value)
