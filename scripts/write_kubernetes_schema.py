#!/usr/bin/env python3
"""Write tests/deploy/kubernetes.schema.json anew: the official schemas of the kinds that deploy/kubernetes uses.

    pip download --no-deps kubernetes-validate && python scripts/write_kubernetes_schema.py kubernetes_validate-*.whl

The package carries Kubernetes' own OpenAPI as JSON Schema, strict, for every version: 70 MB in 17,000 files. What our
manifests use of the newest one is a small part of it, so that is what is kept here, without the descriptions.
"""

import json
import re
import sys
import zipfile
from pathlib import Path

TARGET = Path(__file__).resolve().parents[1] / "tests" / "deploy" / "kubernetes.schema.json"
PREFIX = "kubernetes_validate/kubernetes-json-schema/"
API = "io.k8s.api."
KINDS = {
    "apps/v1/StatefulSet": f"{API}apps.v1.StatefulSet",
    "v1/Service": f"{API}core.v1.Service",
    "v1/ServiceAccount": f"{API}core.v1.ServiceAccount",
    "networking.k8s.io/v1/NetworkPolicy": f"{API}networking.v1.NetworkPolicy",
}


def main() -> int:
    """Write the file from the wheel that the one argument names."""
    wheel = zipfile.ZipFile(sys.argv[1])
    found = re.findall(rf"{PREFIX}v(\d+)\.(\d+)\.0-local-strict/_definitions\.json", "\n".join(wheel.namelist()))
    version = "{}.{}".format(*max((int(major), int(minor)) for major, minor in found))
    definitions = json.loads(wheel.read(f"{PREFIX}v{version}.0-local-strict/_definitions.json"))["$defs"]
    kept: dict[str, object] = {}
    todo = list(KINDS.values())
    while todo:
        name = todo.pop()
        if name not in kept:
            kept[name] = bare(definitions[name])
            todo += re.findall(r'"#/\$defs/([^"]+)"', json.dumps(kept[name]))
    kinds = {kind: {"$ref": f"#/$defs/{name}"} for kind, name in KINDS.items()}
    schema = {"kubernetes": version, "licence": "Apache-2.0, The Kubernetes Authors", "kinds": kinds, "$defs": kept}
    TARGET.write_text(json.dumps(schema, sort_keys=True, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"Kubernetes {version}: {len(kept)} definitions, {TARGET.stat().st_size // 1024} KiB")
    return 0


def bare(value: object) -> object:
    """Return a schema without descriptions, its references pointing within the file that is written."""
    if isinstance(value, dict):
        kept = {key: bare(item) for key, item in value.items() if not (key == "description" and isinstance(item, str))}
        if isinstance(kept.get("$ref"), str):
            kept["$ref"] = "#" + str(kept["$ref"]).partition("#")[2]
        return kept
    return [bare(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    sys.exit(main())
