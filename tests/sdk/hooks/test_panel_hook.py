"""PanelHook: what render() gives is bounded and escaped, and its failures are shown as such."""

import pytest

from reconciler.sdk import Integration, PanelHook
from reconciler.testing import Harness


def panels(render, **attributes):
    """Return the panels that an integration with one panel shows."""

    class Board(Integration):
        integration_id = "board"

        def initialize(self):
            PanelHook(self, "Limits", render)

    for name, value in attributes.items():
        setattr(Board, name, value)
    with Harness(Board) as harness:
        harness.write("a.yaml", {"integration": "board", "name": "a"})
        future = harness.manager.engine.outside.panels("board")
        while not future.done():
            harness.clock.advance(0.1)
            harness._breathe()
        return future.result()


def test_text_is_escaped():
    assert panels(lambda: "<b>9 & 8</b>")[0].html == "&lt;b&gt;9 &amp; 8&lt;/b&gt;"


def test_async_render_is_awaited_and_data_stays_data():
    async def render():
        return [{"left": 4999}]

    assert panels(render)[0].data == [{"left": 4999}]


@pytest.mark.parametrize(
    ("value", "says"), [("x" * 70_000, "more than 64 KiB"), (object(), "neither text nor a JSON value")]
)
def test_what_cannot_be_shown_is_a_failure(value, says):
    panel = panels(lambda: value)[0]
    assert says in panel.error
    assert (panel.html, panel.data) == ("", None)


@pytest.mark.parametrize("kind", [RuntimeError, SystemExit])
def test_render_that_raises_is_shown_as_failed(kind):
    def render():
        raise kind("no answer")

    assert "no answer" in panels(render)[0].error


def test_render_that_hangs_is_shown_as_failed():
    import asyncio

    async def render():
        await asyncio.sleep(1000)

    assert "did not return within 5 s" in panels(render)[0].error


def test_panels_go_with_their_owner():
    class Board(Integration):
        integration_id = "board"

        def config_enabled(self, config):
            PanelHook(config, f"About {config.name}", lambda: config.name)

    with Harness(Board) as harness:
        harness.write("a.yaml", {"integration": "board", "name": "a"})
        harness.write("b.yaml", {"integration": "board", "name": "b"})
        harness.delete("a.yaml")
        shown = harness.manager.engine.outside.panels("board").result(5)
        assert [(panel.owner, panel.title, panel.html) for panel in shown] == [("board/b", "About b", "b")]


@pytest.mark.parametrize("title", ["", "x" * 101, "a\nb", None])
def test_title_that_cannot_be_one_is_refused(owner, title):
    with pytest.raises(ValueError, match="title"):
        PanelHook(owner, title, str)
