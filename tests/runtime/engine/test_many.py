"""Thousands of configurations at once: what is done together, and what is told together."""

import threading

import pytest
from pydantic import BaseModel, model_validator

from reconciler.compose.build import build_engine
from reconciler.compose.narrator import Narrator
from reconciler.compose.options import EngineOptions
from reconciler.model.plan import ActionKind
from reconciler.report.story.daemon_event import Many, Settled


def test_settings_that_do_not_fit_fail_their_configuration_alone(harness, make, doc):
    class Even(BaseModel):
        number: int

        @model_validator(mode="after")
        def _even(self):
            if self.number % 2:
                raise ValueError("an odd number")
            return self

    h = harness(make(Settings=Even, config_enabled=lambda *_: None, config_disabled=lambda *_: None))
    for n in range(100):
        h.write(f"{n}.yaml", doc(f"n{n}", settings={"number": n}), settle=False)
    h.start()
    assert [h.state(f"diary/n{n}") for n in range(100)] == ["active", "failed"] * 50
    assert "an odd number" in h.config("diary/n1").message


def test_model_that_says_itself_how_it_is_validated_is_asked(harness, make, doc):
    class Counted(BaseModel):
        number: int

        @classmethod
        def model_validate(cls, obj, **options):
            return super().model_validate({"number": obj["number"] + 1}, **options)

    def enabled(_, config):
        seen.append(config.settings.number)

    seen = []
    h = harness(make(Settings=Counted, config_enabled=enabled, config_disabled=lambda *_: None))
    h.write("a.yaml", doc("a", settings={"number": 1}), settle=False)
    h.start()
    assert seen == [2]


@pytest.mark.parametrize(("number", "together"), [(50, 0), (51, 1)])
def test_many_starts_are_told_as_one(tmp_path, number, together):
    told = []
    narrator = Narrator(told.append)
    for n in range(number):
        (tmp_path / f"{n}.yaml").write_text(f"integration: console\nname: n{n}\n", encoding="utf-8")
    threading.Event().wait(0.12)  # what was written just now would be another look's
    engine = build_engine(EngineOptions(tmp_path, tmp_path / ".state"), narrator.listener(), watch=False)
    narrator.attach(engine)
    engine.start()
    engine.wait_ready(10)
    engine.stop()
    many = [event for event in told if isinstance(event, Many)]
    assert many == [Many("console", ActionKind.START, number, 0, 0)] * together
    assert len([event for event in told if isinstance(event, Settled)]) == 1 + number * (1 - together)
