"""Test cases: what was delivered compared with what was expected."""
