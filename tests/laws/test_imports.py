"""House law: arrows between rooms point downhill, and the light door loads no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROBE = """
import json, sys
import service.app
print(json.dumps({name: name in sys.modules for name in ("torch", "sklearn", "scipy", "gymnasium")}))
"""


def test_the_import_contracts_hold() -> None:
    contracts = subprocess.run(
        [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert contracts.returncode == 0, contracts.stdout[-3000:]


def test_the_api_loads_no_torch() -> None:
    answer = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, capture_output=True, text=True, check=True)
    assert json.loads(answer.stdout) == dict.fromkeys(("torch", "sklearn", "scipy", "gymnasium"), False)
