"""Lets the tests in this folder import the fakes, the model of the files, and what the benchmarks share."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
