"""Credit rules on small tasks, each against the same rule with everything below the read-out standing still.

Scikit-learn's digits, x / 16 less the mean image, 1200 to train and 397 to test, W ~ N(0, 1 / fan_in), cross entropy
unless told, 5 lives. Bench A: tanh 64-20-20-10, plain sgd at .1, batch 20, 60 passes. Bench B: 64-128-64-10, adam,
batch 64, 20 passes, pixels as they are; in forms for rules of two phases (sigmoid4 units, first weights halved) and of
bursts, with one hidden area. Bench T: 64-128-10, recurrent units with a leak or lif units, every scan held for 12
steps. Rules that hear no cost have tasks of their own; force has a tune that is to be sung alone. The full form adds
MNIST: 784-256-256-10, 2 passes. A case states its own rate and passes where they are not those of its bench.

One row per rule and bench: the mean accuracy of the test split at the end, and what belongs to it:
`sd` over lives; `control`, the accuracy of the arm that the study's key `readout_only` makes of the same document;
`margin`, the mean difference to it life by life, and `margin_low`, the lower end of its 95 % interval; `angle`, area by
area, between what the rule asks and the gradient, on a batch of training items, mean over the last fifth of training;
`mirror`, the widest angle between the forward and feedback weights of a rule that learns the latter. A row is `ok` if
all that is required of it holds. One test item is .25 %, the standard error of one accuracy about 1 %: the order of
near ones means nothing. Requirements were set with 1400 (A) and 1437 (B) items to train.
"""
