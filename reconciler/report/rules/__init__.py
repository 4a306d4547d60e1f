"""A page for each rule, and the pages as values, as JSON and for people."""
