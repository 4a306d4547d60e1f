"""What a panel on an integration's page shows, rendered."""

from msgspec import Struct

from reconciler.model.json import Json


class PanelView(Struct, frozen=True):
    """A rendered panel: text in `html`, escaped, or a JSON value in `data`, or, in `error`, why there is neither.

    `owner` is the id of the configuration or the integration that declared it.
    """

    owner: str
    title: str
    html: str = ""
    data: Json = None
    error: str = ""
