"""The public doors: what they offer is written down here, so that a change of it is meant."""

import ast
import importlib
import inspect

import pytest

DOORS = {
    "reconciler": {"Event", "IntegrationManager", "ReconcileError", "__version__"},
    "reconciler.testing": {"Answer", "Harness", "Recorded", "RecordingServer", "VirtualClock"},
    "reconciler.sdk": {
        "ClientCertificate", "DeadlineExceeded", "Event", "EventHook", "Field", "HmacVerifier", "Hook", "HookConflict",
        "HookError", "HookHost", "HookSetClosed", "HttpClient", "HttpResponse", "Integration", "IntegrationConfig",
        "IntegrationError", "Level", "Message", "NetworkRefused", "PanelHook", "ReconcileError", "Request", "ResourceHook",
        "Response", "RouteHook", "ScheduleHook", "Secret", "SecretError", "SecretMissing", "SignalHook", "StandardWebhooksVerifier",
        "StopReason", "TaskHook", "TerminalError", "TokenVerifier", "TransientError", "UndeclaredHook", "Where",
        "plain_message", "raise_for_delivery", "render_message", "render_template", "retry_after", "unsigned",
    },
}  # fmt: skip


@pytest.mark.parametrize("door", DOORS)
def test_door_offers_what_is_written_down(door):
    module = importlib.import_module(door)
    assert set(module.__all__) == DOORS[door]
    assert all(getattr(module, name) is not None for name in module.__all__)


@pytest.mark.parametrize("door", ["reconciler", "reconciler.sdk"])
def test_type_checker_sees_the_same_names(door):
    """What is loaded lazily is imported for the type checker beside it: the two lists must not part."""
    tree = ast.parse(inspect.getsource(importlib.import_module(door)))
    (guarded,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in guarded.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen | {"__version__"} == DOORS[door] | {"__version__"}


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="'Nonsense'"):
        importlib.import_module("reconciler.sdk").Nonsense


def test_errors_are_the_tree_that_their_docstring_shows():
    errors = importlib.import_module("reconciler.model.errors")
    classes = [c for _, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__]
    for one in classes:
        assert one.__name__ in errors.__doc__
        assert issubclass(one, errors.ReconcileError)
