"""Renews the golden run: `make golden`, after a change of results that the README's Changes tell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1])]

from workers.environment import settle

settle()
HERE = Path(__file__).parent


def engine_of(key: str) -> int:
    """The engine whose bits a key names: those of a former one are nobody's."""
    return int(json.loads(key.rsplit(" ", 1)[0])["engine"])


def main() -> None:
    """Write the values, and the bits of this machine's arithmetic beside those of others that still give the values."""
    file = HERE / "golden.json"
    known = json.loads(file.read_text())
    sys.path.insert(0, str(HERE))
    from living import digest, live, planned
    from test_determinism import golden_key, last_values, short_life, steady_life

    from models.engine.numerics import configure

    configure()
    key, bits = golden_key(), digest(*live(planned(short_life()), range(3)))
    others = {each: told for each, told in known["bits"].items() if engine_of(each) == engine_of(key)}
    changed = others.get(key, bits) != bits
    known["bits"] = ({} if changed else others) | {key: bits}
    known["values"] = last_values(live(planned(steady_life()), range(3))[1])
    file.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


main()
