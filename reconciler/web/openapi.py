"""The OpenAPI 3.1 description of the HTTP interface, kept by hand; a test holds it against the routes and answers."""

from typing import Any

from reconciler.model.state import ConfigState
from reconciler.web.openapi_schemas import SCHEMAS, page_of, ref


def openapi(version: str) -> dict[str, Any]:
    """Return the document; `version` is the daemon's."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "reconcile",
            "version": version,
            "description": "Integrations as code: what runs, why, and the intake of events.",
        },
        "paths": _probes() | _intake() | _reading() | _changing(),
        "components": {
            "schemas": SCHEMAS,
            "responses": {"Error": _json("An error: a code for programs and a sentence for people.", ref("Error"))},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
        "security": [{"token": []}, {}],
    }


def _probes() -> dict[str, Any]:
    live = {
        "type": "object",
        "required": ["live"],
        "properties": {"live": {"type": "boolean"}, "reason": {"type": "string"}},
    }
    ready = {
        "type": "object",
        "required": ["ready"],
        "properties": {"ready": {"type": "boolean"}, "reason": {"type": "string"}},
    }
    metrics = {"description": "Prometheus' text format.", "content": {"text/plain": {"schema": {"type": "string"}}}}
    return {
        "/livez": {
            "get": _operation(
                "Whether the daemon works.",
                {"200": _json("It does.", live), "503": _json("Its loop hangs: restart it.", live)},
            )
        },
        "/readyz": {
            "get": _operation(
                "Whether the first pass has ended.",
                {"200": _json("It has.", ready), "503": _json("Not yet, or no more.", ready)},
            )
        },
        "/metrics": {"get": _operation("Every metric.", {"200": metrics})},
    }


def _intake() -> dict[str, Any]:
    any_body: dict[str, Any] = {"content": {"*/*": {"schema": {}}}}
    hook = _operation("A webhook of an integration.", {"default": {"description": "What the integration answers."}})
    hook["parameters"] = [_path_parameter("path", "As the integration's manifest declares it; may hold slashes.")]
    body = {
        "required": True,
        "description": "CloudEvents 1.0; in binary mode the attributes are ce-* headers and the body is the data.",
        "content": {
            "application/cloudevents+json": {"schema": ref("Event")},
            "application/cloudevents-batch+json": {
                "schema": {"type": "array", "maxItems": 1000, "items": ref("Event")}
            },
            "application/json": {"schema": {}},
            "text/plain": {"schema": {"type": "string"}},
        },
    }
    events = _operation("Take events.", {"202": _json("They are on disk.", ref("Receipts")), "default": _error()})
    return {
        "/events": {"post": events | {"requestBody": body}},
        "/hooks/{path}": {
            "get": hook,
            "delete": hook,
            **{method: hook | {"requestBody": any_body} for method in ("post", "put", "patch")},
        },
    }


def _reading() -> dict[str, Any]:
    api = "/api/v1"
    document = {"type": "object", "required": ["openapi", "info", "paths"]}
    integration = [_path_parameter("id", "The id of an integration.")]
    config = [
        _path_parameter("integration", "The id of an integration."),
        _path_parameter("name", "The config's name."),
    ]
    return {
        f"{api}/openapi.json": {"get": _get("This document.", document)},
        f"{api}/status": {"get": _get("The whole at a glance.", ref("Status"))},
        f"{api}/integrations": {"get": _get("Every registered integration.", page_of("Integration"))},
        f"{api}/integrations/{{id}}": {"get": _get("One integration.", ref("Integration"), integration)},
        f"{api}/integrations/{{id}}/panels": {"get": _get("Its panels, rendered now.", page_of("Panel"), integration)},
        f"{api}/configs": {"get": _get("Configurations, in pages.", page_of("Config"), _filters())},
        f"{api}/configs/{{integration}}/{{name}}": {"get": _get("One configuration.", ref("Config"), config)},
        f"{api}/plan": {"get": _get("What still differs from the files.", ref("Plan"))},
        f"{api}/history": {
            "get": _get("Passes and interventions.", page_of("Entry"), [_query("limit", _number(1, 1000, 20))])
        },
    }


def _changing() -> dict[str, Any]:
    return {
        "/api/v1/retry": {"post": _retry()},
        "/api/v1/forget": {"post": _forget()},
        "/api/v1/approve": {"post": _post("Release exactly the held plan of this digest.", "digest")},
        "/api/v1/look": {"post": _post("Look again now.")},
        "/api/v1/overrides": _overrides(),
    }


def _overrides() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string"}
    texts = {"type": "array", "items": text}
    selector = [
        _query("id", texts, "An id such as slack/ops; several may be given."),
        _query("label", texts, "key=value; several must all hold."),
        _query("integration", text),
        _query("all", {"type": "boolean", "default": False}, "Everything that is in force."),
        _query("reason", text),
    ]
    impose = _operation("Suspend or pause.", {"201": _json("In force.", ref("Override")), "default": _error()})
    lift = _operation("Resume.", {"200": _json("What has ended.", page_of("Override")), "default": _error()})
    changing: dict[str, Any] = {"security": [{"token": []}]}
    body = {"required": True, "content": {"application/json": {"schema": ref("OverrideRequest")}}}
    return {
        "get": _get("What people have set aside.", page_of("Override")),
        "post": impose | changing | {"requestBody": body},
        "delete": lift | changing | {"parameters": selector},
    }


def _filters() -> list[dict[str, Any]]:
    text: dict[str, Any] = {"type": "string"}
    labels = {"type": "array", "items": {"type": "string", "pattern": "^[^=]+="}}
    return [
        _query("limit", _number(1, 1000, 100)),
        _query("after", text, "The id after which the page begins."),
        _query("state", {"enum": [state.value for state in ConfigState]}),
        _query("integration", text),
        _query("stale", {"type": "boolean"}),
        _query("label", labels, "key=value; several must all hold."),
    ]


def _get(summary: str, schema: dict[str, Any], parameters: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    operation = _operation(summary, {"200": _json("Found.", schema), "default": _error()})
    return operation | ({"parameters": parameters} if parameters else {})


def _post(summary: str, field: str | None = None) -> dict[str, Any]:
    names = [field] if field else []
    version = {"format_version": {"const": 1}}
    accepted = _object(version | {name: {"type": "string"} for name in names})
    given = _object({name: {"type": "string", "minLength": 1} for name in names})
    return _operation(summary, {"202": _json("Accepted.", accepted), "default": _error()}) | {
        "requestBody": {"required": bool(names), "content": {"application/json": {"schema": given}}},
        "security": [{"token": []}],
    }


def _retry() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    version, selector = {"format_version": {"const": 1}}, ref("OverrideRequest/properties/selector")
    given = {"oneOf": [_object({"key": text}), _object({"selector": selector})]}
    told = {"selected": {"type": "string"}, "configs": {"type": "integer"}}
    accepted = {"oneOf": [_object(version | {"key": {"type": "string"}}), _object(version | told)]}
    summary = "Try what failed again now: a configuration, an integration, or all configurations that a selector means."
    return _operation(summary, {"202": _json("Accepted.", accepted), "default": _error()}) | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": given}}},
        "security": [{"token": []}],
    }


def _forget() -> dict[str, Any]:
    text: dict[str, Any] = {"type": "string", "minLength": 1}
    given = _object({"id": text, "key": text}) | {"required": ["id"]}
    dropped = _object(
        {
            "format_version": {"const": 1},
            "id": text,
            "key": {"type": ["string", "null"]},
            "forgotten": {"type": "integer"},
        }
    )
    summary = "Drop effects of a configuration or an integration from the inventory, whatever is outside."
    return _operation(summary, {"200": _json("Dropped.", dropped), "default": _error()}) | {
        "requestBody": {"required": True, "content": {"application/json": {"schema": given}}},
        "security": [{"token": []}],
    }


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": list(properties),
        "properties": properties,
        "additionalProperties": False,
    }


def _operation(summary: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": responses}


def _json(description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _error() -> dict[str, Any]:
    return {"$ref": "#/components/responses/Error"}


def _path_parameter(name: str, description: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": {"type": "string"}}


def _query(name: str, schema: dict[str, Any], description: str = "") -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema} | ({"description": description} if description else {})


def _number(least: int, most: int, default: int) -> dict[str, Any]:
    return {"type": "integer", "minimum": least, "maximum": most, "default": default}
