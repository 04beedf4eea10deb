"""Local errors: every area under its own head."""

from __future__ import annotations

import torch
from crediting import SMALL, agree, asked, hand, newborn, taught, weight
from raising import chain, differing, one_stage, raised, state, train

RULE = {"kind": "local_error"}
PLAIN = {"optimizer": {"kind": "sgd", "lr": 0.1}}


def test_every_area_descends_the_cost_at_its_own_head() -> None:
    regime, cohort = newborn(taught(RULE))
    by_hand, (asks, _) = hand(regime, cohort), asked(regime, cohort)
    errors = []
    for area, h in zip(SMALL[:-1], by_hand.h[1:-1], strict=True):
        H = cohort.learned[f"rule/area/{area}/head"].detach()
        errors.append((((h @ H).softmax(-1) - by_hand.y) @ H.mT) * (1 - h * h))
    agree(asks, by_hand.weights([*errors, by_hand.e]))


def test_an_area_does_not_know_what_is_above_it() -> None:
    short, long = (one_stage(taught(RULE, chain(*sizes))) for sizes in ((21, 19), (21, 19, 17, 5)))
    lower, whole = (state(raised(regime, [0, 1], 8), 1) for regime in (short, long))
    mine = [name for name in lower if "area/a1/" in name or "area/a2/" in name]
    assert len(mine) > 8
    assert [name for name in mine if not torch.equal(lower[name], whole[name])] == []


def test_heads_lower_the_cost_they_see() -> None:
    regime, cohort = newborn(taught(RULE, chain(21, 19) | PLAIN))

    def costs() -> list[torch.Tensor]:
        by_hand = hand(regime, cohort)
        heads = [cohort.learned[f"rule/area/{area}/head"].detach() for area in ("a1", "a2")]
        told = [(h @ H).log_softmax(-1) for h, H in zip(by_hand.h[1:], heads, strict=False)]
        return [-(by_hand.y * log_q).sum(-1).mean(1) for log_q in told]

    before = costs()
    train(cohort, regime, 200)
    assert all((after < 0.7 * first).all() for after, first in zip(costs(), before, strict=True))


def test_the_weight_of_the_cost_is_the_weight_of_the_local_ones() -> None:
    steps = []
    for weigh in (1.0, 0.25):
        regime, cohort = newborn(taught(RULE, chain(21, 19) | PLAIN), stage={"costs": {"naming": weigh}})
        before = state(cohort, 0)
        train(cohort, regime, 1)
        after = state(cohort, 0)
        steps.append(
            {
                name: after[name] - value
                for name, value in before.items()
                if name in differing({key: after[key] for key in before}, before)
            }
        )
    assert steps[0].keys() == steps[1].keys()
    for name, step in steps[0].items():
        torch.testing.assert_close(0.25 * step, steps[1][name], rtol=1e-3, atol=1e-6)


def test_with_similarity_items_should_be_as_alike_as_their_labels() -> None:
    regime, cohort = newborn(taught(RULE | {"similarity": 0.7}))
    by_hand, (asks, _) = hand(regime, cohort), asked(regime, cohort)
    for life in range(3):
        for area, x, h in zip(SMALL[:-1], by_hand.h, by_hand.h[1:], strict=False):
            W = cohort.params[weight(area, "retina" if area == "a1" else f"a{int(area[1]) - 1}")][life].detach()
            W = W.double().requires_grad_()
            H = cohort.learned[f"rule/area/{area}/head"][life].detach().double()
            r = torch.tanh(x[life].double() @ W)
            torch.testing.assert_close(r.float(), h[life], rtol=1e-4, atol=1e-5)
            alike = cosines(r - r.mean(1, keepdim=True))
            labels = by_hand.y[life].double()
            same = cosines(labels - labels.mean(1, keepdim=True))
            surprise = -(labels * (r @ H).log_softmax(1)).sum(1).mean()
            (wanted,) = torch.autograd.grad(0.3 * surprise + 0.7 * (alike - same).square().mean(), W)
            name = weight(area, "retina" if area == "a1" else f"a{int(area[1]) - 1}")
            torch.testing.assert_close(asks[name][life].double(), wanted, rtol=1e-3, atol=1e-6)


def cosines(x: torch.Tensor) -> torch.Tensor:
    """Cosine of every pair of rows."""
    return torch.nn.functional.cosine_similarity(x[:, None], x[None], dim=2)


def test_silent_areas_have_no_direction_and_no_error() -> None:
    organism = taught(RULE | {"similarity": 0.5}, chain(21, 19, act="relu"))
    organism["areas"]["a1"]["init"] = {"kind": "zeros"}
    regime, cohort = newborn(organism)
    asks, _ = asked(regime, cohort)
    assert all(bool(torch.isfinite(value).all()) for value in asks.values())


def test_a_mean_squared_error_is_judged_at_every_head_too() -> None:
    costs = {"naming": {"kind": "mse", "at": "head"}}
    regime, cohort = newborn(taught(RULE, chain(21, 19)), costs=costs)
    by_hand, (asks, _) = hand(regime, cohort), asked(regime, cohort)
    H = cohort.learned["rule/area/a1/head"].detach()
    h = by_hand.h[1]
    d = ((h @ H - by_hand.y) @ H.mT) * (2 / 10) * (1 - h * h)
    torch.testing.assert_close(asks[weight("a1", "retina")], by_hand.weights([d])[0], rtol=1e-4, atol=1e-6)
