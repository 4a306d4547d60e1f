"""The manager's names, which are Djblets': what each finds before, while and after configurations run."""

import asyncio
import logging
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from reconciler import Event, IntegrationManager
from reconciler.model.errors import ReconcileError, RegistrationError, UnknownIntegration
from reconciler.model.state import ConfigState
from reconciler.sdk import EventHook, Integration
from reconciler.testing import Harness


class ChatSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    channel: str
    loud: bool = False


class Chat(Integration):
    integration_id = "chat"
    Settings = ChatSettings
    default_settings = {"channel": "#general"}

    def initialize(self) -> None:
        EventHook(self, self.deliver)

    def deliver(self, event, config) -> None:
        pass


class Free(Integration):
    """Takes any settings, as a dict."""

    integration_id = "free"
    default_settings = {"level": 3, "mode": "slow"}


def config(name: str, integration: str = "chat", **more: Any) -> dict[str, Any]:
    return {"integration": integration, "name": name, **more}


@pytest.fixture
def harness():
    with Harness(Chat, Free) as running:
        yield running


def test_setting_that_the_file_leaves_out_is_the_integrations_default(harness):
    harness.write("a.yaml", config("a"))
    (found,) = harness.manager.get_configs(Chat)
    assert (found.settings.channel, found.get("channel"), found.get("loud", "none")) == ("#general", "#general", "none")


def test_setting_of_the_file_stands_above_the_default(harness):
    harness.write("a.yaml", config("a", settings={"channel": "#own"}))
    (found,) = harness.manager.get_configs(Chat)
    assert (found.settings.channel, found.get("channel")) == ("#own", "#own")


def test_defaults_stand_beneath_a_plain_dict_too(harness):
    harness.write("a.yaml", config("a", "free", settings={"mode": None}))
    (found,) = harness.manager.get_configs("free")
    assert found.settings == {"level": 3, "mode": None}
    assert (found.get("level"), found.get("mode"), found.get("other", 1)) == (3, None, 1)


def test_nothing_is_found_while_nothing_is_enabled(harness):
    harness.write("a.yaml", config("a", enabled=False))
    assert (harness.manager.get_integrations(), harness.manager.get_configs()) == ([], [])
    assert harness.manager.get_integration_classes() == [Chat, Free]
    with pytest.raises(UnknownIntegration, match="'chat' is not initialized"):
        harness.manager.get_integration(Chat)


def test_enabled_integration_is_found_by_id_and_by_class_with_its_hooks(harness):
    harness.write("a.yaml", config("a"))
    integration = harness.manager.get_integration("chat")
    assert integration is harness.manager.get_integration(Chat) is harness.manager.get_integrations()[0]
    assert integration.enabled and len(integration.hooks) == 1
    assert [c.id for c in integration.get_configs()] == ["chat/a"]


def test_shut_down_integration_has_no_hook_and_is_not_found(harness):
    harness.write("a.yaml", config("a"))
    integration = harness.manager.get_integration(Chat)
    harness.delete("a.yaml")
    assert (integration.enabled, integration.hooks, harness.manager.get_integrations()) == (False, (), [])


def test_configurations_of_all_integrations_are_found_by_id(harness):
    harness.write("a.yaml", config("a"), settle=False)
    harness.write("b.yaml", config("b", "free"))
    assert [found.id for found in harness.manager.get_configs()] == ["chat/a", "free/b"]


def test_integration_that_nobody_registered_is_unknown(harness):
    with pytest.raises(UnknownIntegration):
        harness.manager.get_integration("chatt")
    with pytest.raises(UnknownIntegration):
        harness.manager.unregister_integration_class(type("Other", (Integration,), {"integration_id": "other"}))
    assert harness.manager.get_configs("chatt") == []


def test_id_that_is_taken_is_refused(harness):
    for taken in ("chat", "slack"):
        with pytest.raises(RegistrationError, match=f"'{taken}' is registered already"):
            harness.manager.register_integration_class(type("Second", (Integration,), {"integration_id": taken}))


class Opaque(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: asyncio.Future


class Odd(BaseModel):
    word: str

    model_config = ConfigDict(json_schema_extra={"properties": []})


@pytest.mark.parametrize("settings", [Opaque, Odd])
def test_settings_that_no_schema_describes_are_refused_at_registration(harness, settings):
    broken = type("Broken", (Integration,), {"integration_id": "broken", "Settings": settings})
    with pytest.raises(RegistrationError, match="Broken"):
        harness.manager.register_integration_class(broken)
    assert "broken" not in [status.id for status in harness.manager.engine.integrations()]


def test_manager_that_is_not_started_says_so(tmp_path):
    manager = IntegrationManager(tmp_path, state_dir=tmp_path / "state")
    with pytest.raises(ReconcileError, match="not started"):
        manager.get_configs()
    assert manager.stop()


def test_asyncio_host_has_the_same_manager(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "a.yaml").write_text("integration: chat\nname: a\n")
    manager = IntegrationManager(tmp_path / "configs", state_dir=tmp_path / "state", watch=False)
    manager.register_integration_class(Chat)

    async def host() -> None:
        async with manager:
            assert manager.status("chat/a").state is ConfigState.ACTIVE
            receipts = await asyncio.gather(*(manager.apublish(Event("x", "/t", id=str(n))) for n in range(3)))
            assert [receipt.sequence for receipt in receipts] == [1, 2, 3]

    asyncio.run(host())
    assert not manager.get_integration_classes()[0]().enabled


def test_filter_takes_secrets_out_of_the_hosts_own_log(caplog):
    class Telling(Integration):
        integration_id = "free"

        def config_enabled(self, config):
            logging.getLogger("library.of.others").warning("reads %s", config.get("token").reveal())

    with Harness(Telling) as harness:
        (harness.secrets / "token").write_text("open-sesame")
        caplog.handler.addFilter(harness.manager.secret_filter)
        harness.write("a.yaml", config("a", "free", settings={"token": {"secret": "file:token"}}))
    assert "reads ***" in caplog.text
