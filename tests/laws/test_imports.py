"""House law: arrows between rooms point downhill, and the light door loads no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

PROBE = """
import json, sys, time
begun = time.perf_counter()
import service.app
print(json.dumps({"seconds": time.perf_counter() - begun, "torch": "torch" in sys.modules, "sklearn": "sklearn" in sys.modules}))
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
    seen = json.loads(answer.stdout)
    assert seen["torch"] is False
    assert seen["sklearn"] is False
