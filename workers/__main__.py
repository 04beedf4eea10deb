"""`python -m workers --slots N` supervises; `python -m workers --slot I` is one worker, started by a supervisor."""

from __future__ import annotations

from workers import environment  # first: what it sets is read when torch loads

environment.settle()

import argparse  # noqa: E402
import sys  # noqa: E402

import structlog  # noqa: E402

from service.logs import configure  # noqa: E402
from service.settings import Settings  # noqa: E402
from workers import supervisor  # noqa: E402


def main(arguments: list[str]) -> int:
    """Be what the arguments say; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m workers", description=__doc__)
    role = parser.add_mutually_exclusive_group(required=True)
    role.add_argument("--slots", type=int, metavar="N", help="supervise N workers and run a reconciler")
    role.add_argument("--slot", type=int, metavar="I", help="be worker I")
    parser.add_argument("--parent", type=int, metavar="PID", help="leave when this parent process dies")
    chosen = parser.parse_args(arguments)
    if chosen.parent is not None:
        supervisor.die_with(chosen.parent)
    settings = Settings()
    configure(settings)
    if chosen.slots is not None:
        return _supervise(settings, chosen.slots)
    return _work(settings, chosen.slot)


def _supervise(settings: Settings, slots: int) -> int:
    from service.queue.reconciler import Reconciler  # noqa: PLC0415 - a worker has no use for it

    return supervisor.supervise(slots, Reconciler(settings).run_forever)


def _work(settings: Settings, slot: int) -> int:
    from workers.tasks import UNFIT, serve  # noqa: PLC0415 - loads torch, which the supervisor must not

    try:
        return serve(settings, slot)
    except UNFIT as reason:
        structlog.get_logger(__name__).error("worker.refused", slot=slot, reason=str(reason))
        return supervisor.REFUSED_STATUS


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
