"""Ruff finds nothing to complain about."""

import subprocess
import sys
from pathlib import Path


def test_ruff_is_content():
    root = Path(__file__).parent.parent
    found = subprocess.run([sys.executable, "-m", "ruff", "check", "--no-cache", "."], cwd=root, capture_output=True,
                           text=True, encoding="utf-8")
    assert found.returncode == 0, found.stdout
