"""Who receives an event, and why the others do not."""
