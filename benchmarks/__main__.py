"""Every benchmark in turn: `python -m benchmarks [--quick]`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NAMES = sorted(
    {path.stem for path in HERE.glob("*.py")} - {"__init__", "__main__", "report"}
    | {path.parent.name for path in HERE.glob("*/__main__.py")}
)

if __name__ == "__main__":
    codes = [
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=False).returncode
        for name in NAMES
    ]
    sys.exit(max(codes))
