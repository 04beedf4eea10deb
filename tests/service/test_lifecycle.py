from __future__ import annotations

from itertools import product

from service.lifecycle import ALLOWED, ALREADY, DESIRED, TERMINAL, Standing, status_of

LEGAL = {
    "queued": {"queued", "running", "paused", "cancelled", "succeeded", "failed"},
    "running": {"running", "pausing", "paused", "cancelling", "cancelled", "succeeded", "failed"},
    "pausing": {"pausing", "paused", "running", "cancelling", "cancelled", "succeeded", "failed"},
    "paused": {"paused", "queued", "running", "cancelled", "succeeded", "failed"},
    "cancelling": {"cancelling", "cancelled", "succeeded", "failed"},
    "succeeded": {"succeeded"},
    "failed": {"failed"},
    "cancelled": {"cancelled"},
}


def desires(status: str) -> set[str]:
    """What may be wished of a job in a state: a wish to cancel is never taken back."""
    return {"cancelled"} if status == "cancelling" else {"running", "paused", "cancelled"}


def test_whatever_is_stored_a_status_only_makes_legal_moves() -> None:
    for status, moves in LEGAL.items():
        for desired, leased, arms_open, failed in product(desires(status), (False, True), (0, 1), (0, 1)):
            started = status not in ("queued",) or leased
            told = Standing(status, desired, started, leased, arms_open, failed)
            assert status_of(told) in moves, told


def test_a_terminal_state_never_changes_and_no_other_lasts_for_want_of_arms() -> None:
    for status in LEGAL:
        ended = status_of(Standing(status, "running", True, True, 0, 0))
        assert ended == (status if status in TERMINAL else "succeeded")


def test_every_state_says_which_verbs_it_obeys() -> None:
    assert ALLOWED.keys() == LEGAL.keys()
    assert ALREADY.keys() == DESIRED.keys()
    for verb, states in ALREADY.items():
        assert not any(verb in ALLOWED[status] for status in states)
