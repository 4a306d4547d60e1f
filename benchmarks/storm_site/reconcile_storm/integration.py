"""Every call is a line in $STORM_JOURNAL: life, what, configuration, serial. A hook holds a lock of the kernel's."""

import fcntl
import json
import os
from pathlib import Path

from reconciler.sdk import EventHook, Hook, Integration


def note(what, name="", serial=0):
    """Append one line in one write: lines of several threads do not mix, and `kill -9` loses none."""
    line = json.dumps([int(os.environ["STORM_LIFE"]), what, name, serial]) + "\n"
    journal = os.open(os.environ["STORM_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(journal, line.encode())
    finally:
        os.close(journal)


class Listener(Hook):
    """Is up, or not; a new one may be up beside the old one for a moment."""

    def __init__(self, config):
        self.name, self.serial = config.name, config.settings["serial"]
        super().__init__(config)

    def start(self, _host):
        """Write it down."""
        note("up", self.name, self.serial)

    def stop(self, _reason):
        """Write it down."""
        note("down", self.name, self.serial)


class Lock(Hook):
    """Holds the configuration's lock, which only one hook of all processes can; one that finds it held is doubled."""

    def __init__(self, config):
        self.name, self.file = config.name, None
        self.exclusive = f"lock:{config.name}"
        super().__init__(config)

    def start(self, _host):
        """Take the lock, at once or not at all."""
        self.file = (Path(os.environ["STORM_LOCKS"]) / self.name).open("w")
        try:
            fcntl.flock(self.file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            note("doubled", self.name)
            raise

    def stop(self, _reason):
        """Let the lock go."""
        if self.file is not None:
            self.file.close()


class StormIntegration(Integration):
    """Sets up two hooks for each configuration, and takes every event that is asked for."""

    integration_id = "storm"

    def initialize(self):
        """Take deliveries."""
        note("initialize")
        EventHook(self, self.deliver)

    def shutdown(self):
        """Write it down."""
        note("shutdown")

    def config_enabled(self, config):
        """Set up one hook of each kind."""
        note("enabled", config.name, config.settings["serial"])
        Listener(config)
        Lock(config)

    def config_disabled(self, config):
        """Write it down."""
        note("disabled", config.name, config.settings["serial"])

    def deliver(self, event, config):
        """Write it down."""
        note("delivered", config.name, event.id)
