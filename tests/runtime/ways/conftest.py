"""Lets the tests in this folder import the stage, its fakes and its stories."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
