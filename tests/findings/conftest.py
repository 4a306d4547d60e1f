"""A directory to check, with an integration of its own where the case brings one; nothing of it is ever imported."""

import subprocess

import pytest

from reconciler.compose.offline.case_run import CaseOptions, run_cases
from reconciler.compose.offline.world import OfflineWorld
from reconciler.compose.options import EngineOptions
from reconciler.config.run.run import RunOptions, validate_paths
from reconciler.report.findings.summary import summarize
from reconciler.report.findings.text import TextReport

PAGER = '{"id": "pager", "name": "Pager"}'


class Folder:
    """The folder that a case stands in, which is where the user stands too."""

    def __init__(self, path, site):
        self.path = path
        self.site = site

    def write(self, name, text):
        """Write one file; what is beneath `pager/` is the integration `pager`, beside the configurations."""
        target = (self.site if name.startswith("pager/") else self.path) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text if isinstance(text, bytes) else text.encode())
        if name.startswith("pager/"):
            self._install()

    def _install(self):
        package = self.site / "pager"
        for name, text in (
            ("manifest.json", PAGER),
            ("schema.json", '{"type": "object"}'),
            ("__init__.py", "raise SystemExit(9)\n"),
        ):
            if not (package / name).exists():
                (package / name).write_text(text)
        info = self.site / "pager-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pager\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text("[reconciler.integrations]\npager = pager\n")

    def run(self, commands):
        for line in commands.splitlines():
            subprocess.run(["sh", "-c", line.removeprefix("$ ")], cwd=self.path, check=True)

    def validate(self, *, resolve=False):
        """Check the folder; with `resolve`, its secrets are tried beneath `secrets/`."""
        options = RunOptions(jobs=1, secrets_dir=self.path / "secrets", resolve_secrets=resolve)
        return validate_paths([self.path], options)

    def run_cases(self):
        """Run the test cases; the findings about their files are in `diagnostics`."""
        return run_cases(OfflineWorld(EngineOptions(self.path, self.path / "state")), self.path, CaseOptions())

    def report(self, result=None):
        """Return what `validate` prints for people, but for the closing line."""
        result = result or self.validate()
        return "".join(TextReport(source=self.source).render(result.diagnostics))

    def source(self, file):
        try:
            return (self.path / file).read_bytes()[: 1 << 20]
        except OSError:
            return None

    def summary(self, result):
        return summarize(result.diagnostics, result.files, result.configs)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    path, site = tmp_path / "case", tmp_path / "site"
    path.mkdir()
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.chdir(path)
    monkeypatch.delenv("GITHUB_ACTIONS", raising=False)
    return Folder(path, site)
