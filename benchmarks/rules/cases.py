"""What every rule is put to: on A and on B, or on the form of B or the task of its own that suits it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from benchmarks.report import Row
from benchmarks.rules import benches
from benchmarks.rules.benches import A, B
from benchmarks.rules.clusters import Clusters
from benchmarks.rules.components import Components
from benchmarks.rules.lone import Causes, Map, Selectivity
from benchmarks.rules.supervised import Case, Published
from benchmarks.rules.tunes import Tune


class Trial(Protocol):
    """A rule put to the proof."""

    @property
    def kind(self) -> str:
        """The rule."""
        ...

    @property
    def title(self) -> str:
        """Of its row: what, a dot, on which bench."""
        ...

    def row(self, quick: bool) -> Row:
        """Every figure."""
        ...


SAME = (None, 0.1)
"""Angle of what must be the gradient."""
APART = (5.0, None)
"""Of what must not."""
ANY = (None, None)
TARGETS = {"kind": "target_propagation", "step": 0.3, "own_rate": 0.05}
SETTLING = {"kind": "predictive_coding"}
FIXED = SETTLING | {"variant": "fixed", "steps": 2, "rate": 1.0}
EQUILIBRIUM = {"kind": "equilibrium_propagation"}
LINEAR = {"kind": "attention_gated", "expansive": False}

ON_A: tuple[Trial, ...] = (
    Case("backprop", {"kind": "backprop"}, A, 0.95, 0.90, angle=SAME),
    Case("frozen", {"kind": "frozen"}, A, None, None, (0.0, 0.0), angle=ANY, below=True),
    Case("feedback_alignment", {"kind": "feedback_alignment"}, A, 0.945, 0.85, angle=(5, 60)),
    Case("sign_symmetry_usf", {"kind": "sign_symmetry"}, A, 0.945, 0.90),
    Case("sign_symmetry_frsf", {"kind": "sign_symmetry", "variant": "frsf"}, A, 0.945, 0.90),
    Case("sign_symmetry_brsf", {"kind": "sign_symmetry", "variant": "brsf"}, A, 0.945, 0.90),
    Case("kolen_pollack", {"kind": "kolen_pollack", "decay": 5e-3}, A, 0.945, 0.85, angle=ANY, mirror=20),
    Case("weight_mirror", {"kind": "weight_mirror"}, A, 0.945, 0.90, angle=ANY, mirror=25),
    Case("direct_feedback", {"kind": "direct_feedback"}, A, 0.95, 0.85),
    Case("direct_random_target", {"kind": "direct_random_target"}, A, 0.925, 0.80),
    Case("local_error", {"kind": "local_error"}, A, 0.95, 0.90),
    Case("local_error_similarity", {"kind": "local_error", "similarity": 0.9}, A, 0.94, 0.88),
    Case("target_propagation", TARGETS, A, 0.95, 0.88),
    Case("target_propagation_vanilla", TARGETS | {"variant": "vanilla"}, A, None, None, ANY),
    Case("target_propagation_drl", TARGETS | {"variant": "drl"}, A, 0.95, 0.88),
    Case("target_propagation_steps", TARGETS | {"inverse_steps": 5}, A.at(0.1, quick=8), 0.95, 0.85),
    Case("predictive_coding", SETTLING, A, 0.945, 0.88),
    Case("predictive_coding_incremental", SETTLING | {"variant": "incremental"}, A.at(0.1, quick=4), 0.945, 0.75),
    Case("predictive_coding_fixed", FIXED, A, 0.945, 0.90, angle=SAME),
    Case("predictive_coding_error", SETTLING | {"variant": "error", "steps": 5}, A, 0.945, 0.90),
    Case("attention_gated_linear", LINEAR, A, 0.93, 0.80),
    Case("attention_gated", {"kind": "attention_gated"}, A.at(0.05), 0.93, 0.85),
    Case("node_perturbation", {"kind": "node_perturbation"}, A.at(0.02, 150, 12), 0.945, 0.80),
    Case("forward_gradient", {"kind": "forward_gradient"}, A.at(0.02, 150, 12), 0.945, 0.80),
    Case("weight_perturbation", {"kind": "weight_perturbation"}, A.at(0.002, 150, 20), 0.88, 0.50),
    Case("reward_modulated", {"kind": "reward_modulated"}, A.at(0.03, 150, 15), 0.86, 0.50),
    Case("forward_forward", {"kind": "forward_forward"}, benches.STRONG, 0.90, 0.88),
)

ON_B: tuple[Trial, ...] = (
    Case("backprop", {"kind": "backprop"}, B, 0.945, 0.90, angle=SAME),
    Case("feedback_alignment", {"kind": "feedback_alignment"}, B, 0.93, 0.82),
    Case("sign_symmetry_frsf", {"kind": "sign_symmetry", "variant": "frsf"}, B, 0.95, 0.90),
    Case("kolen_pollack", {"kind": "kolen_pollack"}, benches.MOMENTUM, 0.955, 0.90, (0.03, None), ANY),
    Case("direct_feedback", {"kind": "direct_feedback"}, B, 0.915, 0.83),
    Case("target_propagation", {"kind": "target_propagation"}, B, 0.945, 0.88),
    Case("predictive_coding", SETTLING, B, 0.95, 0.90),
    Case("local_error", {"kind": "local_error"}, B, 0.94, 0.86),
    Case("weight_mirror", {"kind": "weight_mirror"}, B, 0.94, 0.88, angle=ANY),
    Case("direct_random_target", {"kind": "direct_random_target"}, benches.PLAIN, 0.93, 0.88),
    Case("attention_gated", {"kind": "attention_gated"}, B, 0.93, 0.80),
    Case("node_perturbation", {"kind": "node_perturbation"}, B.at(1e-3, 40, 20), 0.905, 0.80),
    Case("forward_gradient", {"kind": "forward_gradient"}, B.at(1e-3, 40, 20), 0.905, 0.80),
    Case("weight_perturbation", {"kind": "weight_perturbation"}, B.at(1e-3, 40, 20), None, None),
    Case("reward_modulated", {"kind": "reward_modulated"}, B.at(1e-3, 40, 20), None, None),
    Case("forward_forward", {"kind": "forward_forward"}, benches.STRONG_B, 0.93, 0.88, (0.02, None)),
)

IN_TIME: tuple[Trial, ...] = (
    Case("bptt", {"kind": "bptt"}, benches.RATES, 0.935, 0.80, angle=SAME),
    Case("surrogate_gradient", {"kind": "surrogate_gradient"}, benches.SPIKES, 0.955, 0.70, angle=ANY),
    Case("eprop", {"kind": "eprop"}, benches.SPIKES, 0.945, 0.70),
    Case("eprop_rates", {"kind": "eprop"}, benches.RATES, 0.935, 0.75),
    Case("rflo", {"kind": "rflo"}, benches.RATES.at(1e-3, quick=6), 0.87, 0.75),
    Tune({"kind": "force"}),
)

IN_PHASES: tuple[Trial, ...] = (
    Case("equilibrium_propagation", EQUILIBRIUM, benches.TWO, 0.91, 0.85),
    Case("equilibrium_propagation_recomputed", EQUILIBRIUM | {"force": "recomputed"}, benches.TWO, 0.91, 0.85),
    Case("equilibrium_propagation_shallow", EQUILIBRIUM, benches.SHALLOW, 0.953, 0.92, (0.02, None)),
    Case("temporal_derivative", {"kind": "temporal_derivative"}, benches.TWO, 0.91, 0.85),
    Case("contrastive_hebbian", {"kind": "contrastive_hebbian"}, benches.HELD, 0.94, 0.90),
    Case("generec", {"kind": "generec"}, benches.HELD, 0.935, 0.90),
    Case("burst", {"kind": "burst"}, benches.BURSTS, 0.90, 0.60),
)

FREE: tuple[Trial, ...] = (
    Components({"kind": "hebb"}, units=1, lr=0.05, passes=20, quick=20),
    Components({"kind": "oja"}, units=1, lr=0.05, passes=20, quick=20),
    Components({"kind": "sanger"}, units=3, lr=0.05, passes=100, quick=60),
    Clusters({"kind": "softhebb", "temperature": 2.0}),
    Clusters({"kind": "competitive", "variant": "k_wta", "k": 2}),
    Causes({"kind": "competitive", "variant": "foldiak"}),
    Map({"kind": "kohonen", "grid": [8, 8]}),
    Selectivity({"kind": "bcm", "tau": 20.0}),
)

LENET = "LeNet, sgd with momentum, 100 epochs, BioTorch"
ON_MNIST: tuple[Trial, ...] = tuple(
    Case(name, rule, benches.MNIST, 0.94, 0.94, (0.03, None), angle, published=Published(error, where))
    for name, rule, angle, error, where in (
        ("backprop", {"kind": "backprop"}, SAME, 0.91, LENET),
        ("feedback_alignment", {"kind": "feedback_alignment"}, APART, 1.7, LENET),
        ("sign_symmetry_usf", {"kind": "sign_symmetry"}, APART, 0.91, LENET),
        ("sign_symmetry_brsf", {"kind": "sign_symmetry", "variant": "brsf"}, APART, 0.94, LENET),
        ("sign_symmetry_frsf", {"kind": "sign_symmetry", "variant": "frsf"}, APART, 0.97, LENET),
        ("direct_feedback", {"kind": "direct_feedback"}, APART, 1.61, LENET),
        ("target_propagation", {"kind": "target_propagation"}, APART, 1.94, "7 x 240 tanh, Lee et al. 2015"),
    )
)
"""Of the full form, with the data set `mnist` that the operator registered."""

TRIALS: tuple[Trial, ...] = (*ON_A, *ON_B, *IN_TIME, *IN_PHASES, *FREE)

ELSEWHERE: Mapping[str, frozenset[str]] = {
    "frozen": frozenset("A"),
    **dict.fromkeys(
        ("equilibrium_propagation", "temporal_derivative", "contrastive_hebbian", "generec", "burst"), frozenset("B")
    ),
    **dict.fromkeys(("bptt", "surrogate_gradient", "eprop", "rflo"), frozenset("T")),
    **dict.fromkeys(("hebb", "oja", "sanger"), frozenset({"components"})),
    "softhebb": frozenset({"clusters"}),
    "competitive": frozenset({"clusters", "bars"}),
    "kohonen": frozenset({"map"}),
    "bcm": frozenset({"patterns"}),
    "force": frozenset({"sines"}),
}
"""Benches of rules that have no place on A: no unit of theirs is tanh, time is needed, no cost is heard, or nothing
learns. All others are put to A and to B."""
