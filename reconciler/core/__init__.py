"""Pure decisions: no I/O, no clock, no logging, stable order."""
