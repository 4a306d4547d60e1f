"""Findings for people and for programs, as `validate` reports them; what CI systems read is in `ci/`."""
