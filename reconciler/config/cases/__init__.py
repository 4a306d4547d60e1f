"""Test cases: finding `*.test.yaml` files, reading them with a place for each finding, and snapshots beside them."""
