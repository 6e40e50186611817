"""Output activation and loss made to fit the labels."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from archmend.repair.cloning import rebuild
from archmend.repair.constraints import Constraints
from archmend.repair.outputs import Correction, correction, head_of
from archmend.repair.remedies.optimizers import reset_moments
from archmend.repair.remedies.places import with_activation
from archmend.repair.remedy import Bench, Remedy
from archmend.repair.values import Symptom


class CorrectOutput(Remedy):
    """Give the output the activation, and the model the loss, that its labels demand.

    A softmax of one unit becomes a sigmoid, a linear or rectified output on classes a sigmoid or a softmax,
    a loss told of logits that gets probabilities is told so, and a regression loss on classes becomes
    the cross-entropy of labels in the same form. Shapes stay, a loss of the user's own is left alone.
    """

    name: ClassVar[str] = "correct_output"
    kind: ClassVar[Literal["parameters", "structure"]] = "structure"

    def applicable(self, model: Any, symptom: Symptom, constraints: Constraints) -> bool:
        """Something does not fit, and the layer that has to change is not frozen."""
        return _found(model, constraints) is not None

    def apply(self, model: Any, symptom: Symptom, bench: Bench) -> Any:
        """Compile a copy that fits; all weights are kept."""
        found, head = _found(model, bench.constraints), head_of(model)
        assert found is not None
        assert head is not None
        replace = {}
        if found.activation is not None:
            replace[head.layer] = with_activation(model.get_layer(head.layer), found.activation)
        if found.under is not None:
            replace[found.under] = with_activation(model.get_layer(found.under), "linear")
        edited = rebuild(model, replace=replace, loss=found.loss)
        # The moments are of gradients of another function.
        reset_moments(edited)
        return edited


def _found(model: Any, constraints: Constraints) -> Correction | None:
    found, head = correction(model, constraints.targets), head_of(model)
    if found is None or head is None:
        return None
    changed = {head.layer} if found.activation is not None else set()
    changed |= set() if found.under is None else {found.under}
    return found if changed.isdisjoint(constraints.frozen_in(model)) else None
