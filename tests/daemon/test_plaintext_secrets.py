"""`--allow-plaintext-secrets`: a value that stands in a file as it is shows nowhere else."""

import subprocess
import sys

import pytest

PATHS = (
    "/api/v1/status", "/api/v1/plan", "/api/v1/history", "/api/v1/integrations", "/api/v1/integrations/probe",
    "/api/v1/configs", "/api/v1/configs/probe/a", "/api/v1/configs/probe/b", "/api/v1/overrides", "/metrics",
)  # fmt: skip


def write(root, token, text):
    fresh = root / ".new"
    fresh.write_text(f"integration: probe\nname: a\nsettings:\n  token: {token}\n  text: {text}\n")
    fresh.replace(root / "configs" / "a.yaml")


def cli(root, *arguments):
    done = subprocess.run([sys.executable, "-m", "reconciler", *arguments], cwd=root, capture_output=True, text=True)
    return done.stdout + done.stderr


@pytest.mark.slow
def test_literal_secret_is_shown_nowhere(root, start):
    write(root, "sesame-one", "one")
    (root / "configs" / "b.yaml").write_text("integration: probe\nname: b\nsettings: {tokem: sesame-b}\n")
    daemon = start("--allow-plaintext-secrets", "--log-format", "json", "--log-level", "debug")
    daemon.until(lambda: (daemon.ask("GET", "/readyz") or [0])[0] == 200, "ready")
    write(root, "sesame-two", "two")
    daemon.until(lambda: "two" in daemon.err.read_text(), "the change")
    cli(root, "suspend", "probe/a")
    write(root, "{secret: 'sesame-three'}", "three")
    write(root, "sesame-four", "four")
    daemon.until(lambda: "four" in daemon.ask("GET", "/api/v1/plan")[2], "the plan")
    told = [daemon.ask("GET", path) for path in PATHS]
    told.append(cli(root, "plan"))
    assert "four" in told[-1]
    daemon.signal()
    assert daemon.code() == 0
    told += [daemon.err.read_text(), daemon.out.read_text()]
    told += [file.read_bytes().decode("latin-1") for file in (root / ".reconcile").iterdir() if file.is_file()]
    told.append(cli(root, "plan", "--allow-plaintext-secrets", "-o", "json"))
    assert [one for one in told if "sesame" in str(one)] == []
