"""The first test cases of a repository: about the configuration that `init` writes, and true of it as it stands."""

from typing import TYPE_CHECKING

from reconciler.cli.new_config import EVENT_TYPE

if TYPE_CHECKING:
    from reconciler.model.descriptor import Descriptor

TEST_SCHEMA = "test.schema.json"
"""What the editor's schema of test files is called, in the directory of configurations."""
MODELINE = f"# yaml-language-server: $schema=../{TEST_SCHEMA}"
"""The first line of a test file in a folder of that directory."""
_TOLD = """\
# What `reconcile test` checks: given an event, who receives it, and with what. Nothing is sent.
cases:
  - name: an event of its type reaches {id}
    event:
      type: {type}
      data: {{job: web, status: failed}}
    expect:
      {id}: true
      # or what it says, in part or whole (docs/testing.md of reconcile):
      # {id}:
      #   contains: {{message: {{title: {word}}}}}
"""
_OTHER = """
  - name: an event of another type reaches nobody
    event: {type: something.else}
    expect: nobody
"""


def render_case(descriptor: "Descriptor", name: str) -> str:
    """Return the text of the test file for a configuration as `new_config` renders it."""
    takes = descriptor.events[0].type.replace("**", "*").replace("*", "example") if descriptor.events else EVENT_TYPE
    told = _TOLD.format(id=f"{descriptor.id}/{name}", type=takes, word=takes.partition(".")[0].capitalize())
    return told if descriptor.events else told + _OTHER
