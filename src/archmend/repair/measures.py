"""What is measured of a network: layers at one moment, what does not change, and tests of learning rates."""

from __future__ import annotations

import math
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LayerStatistics:
    """One layer with weights, as one probe (a forward and backward pass without an update) saw it.

    NaN stands for what a layer does not have, or what was not measured.

    Attributes:
        name: of the layer that holds the weights. activation: its activation's name, `linear` for none.
        output: whether it makes the network's output.
        gradient_norm: Euclidean norm of the loss's gradient for the layer's kernel, without penalties on
            weights. weight_norm: of the kernel.
        entropy: layer batch entropy of what follows its activation, in nats: mean over units of
            0.5 log(pi e variance + 1) (Peer et al., TMLR 2022).
        dormant: share of units with a ReDo score of at most 0.025 (Sokar et al., ICML 2023).
        inactive: share of units that are exactly zero on every probe row.
        finite: whether all its outputs and gradients are finite numbers. finite_output: its outputs alone.
            finite_weights: its weights.
        units: outputs of a row or position. inputs: weights of one unit.
        normalized: whether a normalisation stands between kernel and activation. branch: whether its output
            is only added to another signal.
        scale: root of the mean square of its outputs.
        saturated: share of its outputs within 1 % of a bound of sigmoid or tanh.
        rank: effective number of directions in which its outputs differ: the participation ratio
            (sum of eigenvalues)^2 / sum of their squares, of the covariance over rows.
        identical: share of its units with the same weights as the first. alike: share whose gradient is
            also the first's.
        input_mean, input_scale: of a layer that reads the network's features: the largest absolute mean and
            the largest root of the mean square among these features. input_least: smallest deviation of a
            feature that is not constant.
        decay_norm: norm of the gradient of the penalties on its weights.
        loss: of the rows, without penalties. low, high: of the network's outputs. row_sum: mean of a row's
            sum. commonest: share of the rows for which the class named most often is named.
    """

    name: str
    activation: str
    output: bool
    gradient_norm: float
    weight_norm: float
    entropy: float
    dormant: float
    inactive: float
    finite: bool = True
    finite_output: bool = True
    finite_weights: bool = True
    units: int = 0
    inputs: int = 0
    normalized: bool = False
    scale: float = math.nan
    saturated: float = math.nan
    rank: float = math.nan
    identical: float = math.nan
    alike: float = math.nan
    input_mean: float = math.nan
    input_scale: float = math.nan
    input_least: float = math.nan
    decay_norm: float = 0.0
    loss: float = math.nan
    low: float = math.nan
    high: float = math.nan
    row_sum: float = math.nan
    commonest: float = math.nan
    branch: bool = False


@dataclass(frozen=True, slots=True)
class LabelFacts:
    """What the training labels are, as numbers.

    Attributes:
        low, high: the smallest and the largest. whole: whether all are whole numbers.
        values: how many different ones there are, at most 1000 are counted.
        one_hot: whether each row holds a single 1 among zeros.
        negative: share below 0. above_one: share above 1.
    """

    low: float = math.nan
    high: float = math.nan
    whole: bool = False
    values: int = 0
    one_hot: bool = False
    negative: float = 0.0
    above_one: float = 0.0

    @property
    def classes(self) -> bool:
        """Whether they read like classes: 0 and 1 alone, in one-hot rows or columns."""
        return self.one_hot or (self.whole and self.values == 2 and self.low == 0 and self.high == 1)


@dataclass(frozen=True, slots=True)
class Description:
    """What does not change while a network trains: its output, its loss, its labels, what holds it back.

    Attributes:
        head: name of the layer with a kernel that makes the output. units: of it.
        activation: the last one before the output. before: an activation under that one, `linear` for none.
        loss: name of the compiled loss. kind: of labels it reads (`index`, `onehot`, `binary`, `other`).
        from_logits: whether the loss applies softmax or sigmoid itself.
        labels: of the training data.
        softmaxes: names of layers within the network that end in a softmax read by another layer's kernel.
        dropouts: (layer, rate). penalties: (layer, factor of its squared weights).
        optimizer: its class's name. decay: weight decay that the optimiser applies, of each step's rate.
    """

    head: str = ""
    units: int = 0
    activation: str = "linear"
    before: str = "linear"
    loss: str = ""
    kind: str = "other"
    from_logits: bool = False
    labels: LabelFacts = field(default_factory=LabelFacts)
    softmaxes: tuple[str, ...] = ()
    dropouts: tuple[tuple[str, float], ...] = ()
    penalties: tuple[tuple[str, float], ...] = ()
    optimizer: str = ""
    decay: float = 0.0


@dataclass(frozen=True, slots=True)
class RateTest:
    """A few steps at one learning rate from a snapshot that is restored afterwards.

    Attributes:
        rate: that was tried. factor: of the network's own rate.
        before, after: loss of the probe rows before and after the steps. steps: how many were made.
        travel: distance that the kernels went, over their norm.
    """

    rate: float
    factor: float
    before: float
    after: float
    steps: int
    travel: float
