"""Lets the tests in this folder import the stage of two ways and what is drawn for it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
