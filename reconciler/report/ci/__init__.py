"""Findings in the forms that continuous integration systems read: one module for each, a pure function of a run."""
