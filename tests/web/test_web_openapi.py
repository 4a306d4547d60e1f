import jsonschema
import pytest

from reconciler.model.override import Intervention, InterventionKind, Override, OverrideKind, Selector
from reconciler.web.access import PROBES
from reconciler.web.app import create_app
from reconciler.web.openapi import openapi
from reconciler.web.options import WebOptions

DOCUMENT = openapi("1")


def test_every_route_and_method_is_described(engine):
    described = {(path, method) for path, item in DOCUMENT["paths"].items() for method in item}
    served = {
        (route.path.replace(":path}", "}"), method.lower())
        for route in create_app(engine, WebOptions()).routes
        for method in route.methods - {"HEAD"}
    }
    assert described == served | {(path, "get") for path in PROBES}


def test_document_is_served(client):
    document = client.get("/api/v1/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == "1.2.3"


def references(value):
    if isinstance(value, dict):
        yield from ([value["$ref"]] if "$ref" in value else [])
        value = list(value.values())
    for child in value if isinstance(value, list) else ():
        yield from references(child)


def test_every_reference_leads_somewhere():
    for reference in references(DOCUMENT):
        target = DOCUMENT
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]


def test_path_parameters_are_declared():
    for path, item in DOCUMENT["paths"].items():
        named = {part.strip("{}") for part in path.split("/") if part.startswith("{")}
        for operation in item.values():
            declared = {p["name"] for p in operation.get("parameters", ()) if p["in"] == "path"}
            assert declared == named


def test_schemas_are_schemas():
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize(
    "path",
    [
        "/livez", "/readyz", "/api/v1/status", "/api/v1/integrations", "/api/v1/integrations/slack", "/api/v1/configs",
        "/api/v1/configs/slack/a", "/api/v1/plan", "/api/v1/history", "/api/v1/configs/slack/gone",
        "/api/v1/overrides",
    ],
)  # fmt: skip
def test_answers_are_as_described(client, engine, path):
    override = Override(1, OverrideKind.PAUSE, Selector.of(["slack/a"]), "alice", "why", 1.0, 2.0, True)
    engine.add("slack/a", overrides=(override,))
    engine.overrides.in_force = [override]
    engine.overrides.done = [Intervention(InterventionKind.RAN_OUT, "--all", "", 1.0)]
    template = path.replace("integrations/slack", "integrations/{id}")
    template = template.replace("/slack/a", "/{integration}/{name}").replace("/slack/gone", "/{integration}/{name}")
    answer = client.get(path)
    responses = DOCUMENT["paths"][template]["get"]["responses"]
    described = responses.get(str(answer.status_code)) or DOCUMENT["components"]["responses"]["Error"]
    schema = {**described["content"]["application/json"]["schema"], "components": DOCUMENT["components"]}
    jsonschema.validate(answer.json(), schema, cls=jsonschema.Draft202012Validator)
