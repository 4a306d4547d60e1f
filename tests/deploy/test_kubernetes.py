"""The manifests: valid by Kubernetes' own schemas, hardened, at one with each other, the image and the daemon."""

import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

import httpx2
import pytest
import yaml
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
SCHEMA = json.loads((Path(__file__).parent / "kubernetes.schema.json").read_text())
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def load(name):
    return yaml.safe_load((FOLDER / name).read_text())


KUSTOMIZATION = load("kustomization.yaml")
MANIFESTS = [name for name in KUSTOMIZATION["resources"]]
SET, SERVICE, POLICY = load("statefulset.yaml"), load("service.yaml"), load("networkpolicy.yaml")
POD = SET["spec"]["template"]["spec"]
DAEMON = POD["containers"][0]
CONTAINERS = [*POD["initContainers"], *POD["containers"]]
LABELS = SET["spec"]["template"]["metadata"]["labels"]


def findings(manifest):
    kind = f"{manifest['apiVersion']}/{manifest['kind']}"
    schema = {**SCHEMA["kinds"][kind], "$defs": SCHEMA["$defs"]}
    return [f"{error.json_path}: {error.message}" for error in Draft202012Validator(schema).iter_errors(manifest)]


def flag(name):
    (value,) = [arg.partition("=")[2] for arg in DAEMON["args"] if arg.startswith(f"--{name}=")]
    return value


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifest_is_valid_by_the_official_schema(name):
    assert findings(load(name)) == []


def test_schema_is_strict():
    wrong = json.loads(json.dumps(SET))
    wrong["spec"]["template"]["spec"]["containers"][0]["securityContext"]["readOnlyRootFileSystem"] = True
    wrong["spec"]["replicas"] = "one"
    assert len(findings(wrong)) == 2


def test_every_manifest_is_in_the_kustomization():
    there = {str(path.relative_to(FOLDER)) for path in FOLDER.rglob("*.yaml")} - {"kustomization.yaml"}
    named = set(MANIFESTS) | set(re.findall(r"# - (\S+\.yaml)", (FOLDER / "kustomization.yaml").read_text()))
    assert there == named


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_builds_valid_manifests():
    done = subprocess.run(["kubectl", "kustomize", FOLDER], capture_output=True, text=True, timeout=30)
    if "unknown command" in done.stderr:
        pytest.skip("this kubectl has no kustomize")
    assert done.returncode == 0, done.stderr
    built = list(yaml.safe_load_all(done.stdout))
    assert [findings(one) for one in built if one["kind"] != "ConfigMap"] == [[]] * (len(built) - 1)
    (config,) = [one for one in built if one["kind"] == "ConfigMap"]
    (pod,) = [one["spec"]["template"]["spec"] for one in built if one["kind"] == "StatefulSet"]
    assert pod["initContainers"][0]["envFrom"][0]["configMapRef"]["name"] == config["metadata"]["name"]
    assert pod["containers"][0]["image"].endswith("/reconcile:0.1.0")


def test_pod_is_restricted():
    """The profile `restricted` of the pod security standards, and a root that cannot be written."""
    assert (POD["automountServiceAccountToken"], load("serviceaccount.yaml")["automountServiceAccountToken"]) == (
        False,
    ) * 2
    assert POD["securityContext"]["runAsNonRoot"] is True
    assert POD["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    for container in CONTAINERS:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
        }, container["name"]  # fmt: skip
        assert "memory" in container["resources"]["limits"]
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
    assert not {"hostNetwork", "hostPID", "hostIPC"} & POD.keys()
    assert all(volume.keys() & {"emptyDir", "secret"} for volume in POD["volumes"])


def test_pod_runs_as_the_image_does_and_writes_where_it_may():
    uid = int(re.search(r"^USER (\d+):\1$", DOCKERFILE, re.MULTILINE)[1])
    context = POD["securityContext"]
    assert (context["runAsUser"], context["runAsGroup"], context["fsGroup"]) == (uid,) * 3
    state = re.search(r"RECONCILE_STATE_DIR=(\S+)", DOCKERFILE)[1]
    mounts = {mount["name"]: mount for mount in DAEMON["volumeMounts"]}
    assert flag("state-dir") == state == mounts["state"]["mountPath"]
    assert [name for name, mount in mounts.items() if not mount.get("readOnly")] == ["state", "tmp"]


def test_every_mount_has_a_volume_and_every_volume_a_mount():
    claims = {claim["metadata"]["name"] for claim in SET["spec"]["volumeClaimTemplates"]}
    volumes = claims | {volume["name"] for volume in POD["volumes"]}
    assert volumes == {mount["name"] for container in CONTAINERS for mount in container["volumeMounts"]}


def test_files_that_the_daemon_is_told_of_are_mounted():
    mounted = [mount["mountPath"] for mount in DAEMON["volumeMounts"]]
    for name in ("dir", "state-dir", "token-file", "secrets-dir"):
        assert any(f"{flag(name)}/".startswith(f"{path}/") for path in mounted), name


def test_daemon_has_its_grace():
    assert POD["terminationGracePeriodSeconds"] >= int(flag("grace").removesuffix("s")) + 15


def test_probes_ask_what_is_served():
    port = {port["name"]: port["containerPort"] for port in DAEMON["ports"]}
    assert port["http"] == int(flag("listen").rpartition(":")[2])
    asked = {name: DAEMON[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {name: get["path"] for name, get in asked.items()} == {
        "startupProbe": "/livez", "livenessProbe": "/livez", "readinessProbe": "/readyz",
    }  # fmt: skip
    assert {get["port"] for get in asked.values()} == {"http"}


def test_service_policy_and_monitor_choose_the_pod():
    assert SET["spec"]["selector"]["matchLabels"] == SERVICE["spec"]["selector"] == LABELS
    assert POLICY["spec"]["podSelector"]["matchLabels"] == LABELS
    assert SET["spec"]["serviceName"] == SERVICE["metadata"]["name"]
    ports = {port["name"] for port in DAEMON["ports"]}
    assert {port["targetPort"] for port in SERVICE["spec"]["ports"]} <= ports
    assert {port["port"] for rule in POLICY["spec"]["ingress"] for port in rule["ports"]} <= ports
    monitor = load("monitoring/servicemonitor.yaml")["spec"]
    assert {end["port"] for end in monitor["endpoints"]} <= {port["name"] for port in SERVICE["spec"]["ports"]}
    token = {volume["name"]: volume for volume in POD["volumes"]}["token"]["secret"]["secretName"]
    assert monitor["endpoints"][0]["authorization"]["credentials"] == {
        "name": token,
        "key": Path(flag("token-file")).name,
    }
    assert KUSTOMIZATION["labels"][0]["pairs"] == LABELS


def test_metadata_service_is_out_of_reach():
    blocks = [to["ipBlock"] for rule in POLICY["spec"]["egress"] for to in rule["to"] if "ipBlock" in to]
    assert [block["except"] for block in blocks] == [["169.254.0.0/16"], ["fe80::/10"]]


# --- the arguments and the image's health check, for real ----------------------------------------------------------


@pytest.fixture
def pod(tmp_path):
    """The volumes of the pod as folders, the repository as git-sync lays it out: a link to a work tree of a commit."""
    for name in ("git/.worktrees/one/configs", "git/.worktrees/two/configs", "state", "token", "secrets"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "token" / "token").write_text("t" * 32)
    for tree, name in [("one", "a"), ("two", "b")]:
        config = f"integration: console\nname: {name}\nevents: [{{type: x}}]\n"
        (tmp_path / "git" / ".worktrees" / tree / "configs" / "a.yaml").write_text(config)
    (tmp_path / "git" / "current").symlink_to(".worktrees/one")
    return tmp_path


def in_folder(argument, pod):
    for mount in DAEMON["volumeMounts"]:
        if argument.partition("=")[2].startswith(mount["mountPath"]):
            return argument.replace(mount["mountPath"], str(pod / mount["name"]), 1)
    return argument


@pytest.fixture
def daemon(pod):
    """The daemon with the manifest's arguments, each mounted path put in the place of its volume; any port."""
    arguments = [in_folder(arg.replace("0.0.0.0:8787", "127.0.0.1:0"), pod) for arg in DAEMON["args"]]
    with (pod / "log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", "reconciler", *arguments], cwd=pod, stderr=log)
    yield process
    process.kill()
    process.wait()


def until(holds, pod):
    deadline = time.monotonic() + 20
    while not (found := holds()):
        assert time.monotonic() < deadline, (pod / "log").read_text()
        time.sleep(0.02)
    return found


def get(url, **more):
    return httpx2.get(url, timeout=20, trust_env=False, **more)


def healthy(pod):
    command = json.loads(re.search(r"^HEALTHCHECK .* CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)[1])
    environ = {"RECONCILE_STATE_DIR": str(pod / "state")}
    return subprocess.run([sys.executable, *command[1:]], env=environ, capture_output=True, timeout=30).returncode == 0


@pytest.mark.slow
def test_pod_follows_the_repository_answers_probes_and_ends(daemon, pod):
    assert not healthy(pod / "elsewhere")
    url = until(lambda: re.search(r'"url": "(http://[^"]+)"', (pod / "log").read_text()), pod)[1]
    until(lambda: get(f"{url}/readyz").status_code == 200, pod)
    assert get(f"{url}/livez").status_code == 200
    assert healthy(pod)
    (pod / "git" / "next").symlink_to(".worktrees/two")
    (pod / "git" / "next").rename(pod / "git" / "current")
    headers = {"authorization": f"Bearer {'t' * 32}"}
    until(lambda: "console/b" in get(f"{url}/api/v1/configs", headers=headers).text, pod)
    daemon.terminate()
    assert daemon.wait(30) == 0
    assert not healthy(pod)
