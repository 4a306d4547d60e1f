"""Lets the tests in this folder import what stands beside them: `plugs.py` names the checkout and runs commands."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
