"""A harness for authors of integrations: a manager on a temporary directory, virtual time, a recording HTTP server.

with Harness(MyIntegration) as harness:
    harness.write("hello.yaml", {"integration": "mine", "name": "hello", "events": [{"type": "greeting"}]})
    harness.deliver(Event(type="greeting", source="test"))
"""

from reconciler.testing.clock import VirtualClock
from reconciler.testing.harness import Harness
from reconciler.testing.http_server import Answer, Recorded, RecordingServer

__all__ = ["Answer", "Harness", "Recorded", "RecordingServer", "VirtualClock"]
