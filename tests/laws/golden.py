"""Renews the golden run: `make golden`, after a change of results that the README's Changes tell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from workers.environment import settle

settle()
HERE = Path(__file__).parent


def main() -> None:
    """Write the hash of this numerics class, keeping those of others."""
    file = HERE / "golden.json"
    known = json.loads(file.read_text()) if file.exists() else {}
    file.write_text(json.dumps(known or {}))

    sys.path.insert(0, str(HERE))
    from living import digest, live, planned
    from test_determinism import short_life

    from models.engine.numerics import configure, numerics_class
    from models.specs.canonical import canonical_bytes

    configure()
    known[canonical_bytes(numerics_class()).decode()] = digest(*live(planned(short_life()), range(3)))
    file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


main()
