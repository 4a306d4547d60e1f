"""The settings of the console integration; `schema.json` is generated from them."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from reconciler_integrations._settings import StrictSettings


class ConsoleSettings(StrictSettings):
    """Where messages are printed. Every setting has a default."""

    model_config = ConfigDict(title="Console settings")

    stream: Annotated[Literal["stdout", "stderr"], Field(description="Which stream messages go to.")] = "stdout"
    prefix: Annotated[
        str,
        Field(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$", description="What every line begins with."),
    ] = ""
