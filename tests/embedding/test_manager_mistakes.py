"""What a host gets to hear when it uses the manager wrongly."""

import pytest

from reconciler import Event, IntegrationManager
from reconciler.model.errors import NotRunning, RegistrationError, UnknownIntegration
from reconciler.sdk import Integration


@pytest.fixture
def manager(tmp_path):
    (tmp_path / "configs").mkdir()
    manager = IntegrationManager(tmp_path / "configs", state_dir=tmp_path / "state", watch=False)
    yield manager
    manager.stop()


class Settings(dict):
    pass


class Pager(Integration):
    integration_id = "pager"
    Settings = Settings


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("listen", "127.0.0.1:8787", "serves no HTTP"),
        ("token_file", "token", "serves no HTTP"),
        ("allowed_hosts", ("example.com",), "serves no HTTP"),
        ("standby", True, "`role`"),
        ("grace", 5.0, r"stop\(grace=10\)"),
        ("prune_limt", "5", "did you mean 'prune_limit'"),
        ("colour", "red", "takes no 'colour'$"),
    ],
)
def test_option_without_effect_is_refused_with_what_to_do(tmp_path, option, value, told):
    with pytest.raises(TypeError, match=told):
        IntegrationManager(tmp_path, state_dir=tmp_path / "state", **{option: value})


@pytest.mark.parametrize("call", [lambda m: m.look(), lambda m: m.status("a/b"), lambda m: m.get_configs()])
def test_call_before_the_start_raises_not_running(manager, call):
    with pytest.raises(NotRunning, match=r"call start\(\)"):
        call(manager)


def test_publish_of_a_dict_names_the_event_class(manager):
    with pytest.raises(TypeError, match="takes an Event, not dict"):
        manager.publish({"type": "order.paid"})


def test_event_published_after_the_stop_is_refused(manager):
    manager.start()
    manager.stop()
    with pytest.raises(NotRunning):
        manager.publish(Event(type="order.paid", source="/shop"))


@pytest.mark.parametrize("wrong", [int, "pager", Pager()], ids=["class", "text", "object"])
def test_registering_what_is_no_integration_class_is_refused(manager, wrong):
    with pytest.raises(RegistrationError, match="is not a subclass of Integration"):
        manager.register_integration_class(wrong)


def test_settings_that_are_no_model_are_refused_by_name(manager):
    with pytest.raises(
        RegistrationError, match=r"Pager: Settings must be a pydantic model \(a BaseModel\), not Settings"
    ):
        manager.register_integration_class(Pager)


def test_settings_without_a_json_schema_are_refused(manager):
    from pydantic import BaseModel, ConfigDict

    class Odd(Integration):
        integration_id = "odd"

        class Settings(BaseModel):
            model_config = ConfigDict(arbitrary_types_allowed=True)
            thing: Integration

    with pytest.raises(RegistrationError, match="no JSON Schema can be made of Settings"):
        manager.register_integration_class(Odd)


def test_integration_of_an_unknown_id_names_the_nearest(manager):
    manager.start()
    with pytest.raises(UnknownIntegration, match="did you mean 'slack'"):
        manager.get_integration("slak")
