"""What a right diagnosis of a case is: which symptoms name its fault, and in which layers."""

from __future__ import annotations

from benchmarks.repair.case import Case, Fault
from benchmarks.repair.edits import hidden, names, output

PUBLISHED = {
    "GV": (("vanishing", "entropy_collapse"), ("sigmoid", "tanh")),
    "DR": (("dying", "entropy_collapse"), ("relu",)),
    "GE": (("exploding",), ("exponential",)),
    "IA": (("wrong_output",), ()),
}
"""A published structural fault -> the symptoms that name it, and the hidden activations that make it; none:
it is the output's."""


def structural(case: Case) -> Fault | None:
    """Return the fault that is to be named in the first epoch, None where the case has none of that kind.

    Of a published case it is the one that its source names, and any hidden layer with the activation that
    makes it is the right place, the layer of that activation too where it stands alone. Of a generated one
    with several it is the first.
    """
    if case.faults:
        return next((fault for fault in case.faults if fault.structural), None)
    if case.symptom not in PUBLISHED or not case.is_faulty:
        return None
    symptoms, activations = PUBLISHED[case.symptom]
    if not activations:
        return Fault(case.symptom, symptoms, names(case, [output(case)]), structural=True)
    places = [n for n in hidden(case) if activation_of(case, n) in activations]
    alone = [n + 1 for n in places if case.layers[n].get("activation") in (None, "linear")]
    return Fault(case.symptom, symptoms, names(case, sorted((*places, *alone))), structural=True)


def activation_of(case: Case, place: int) -> str:
    """Return the activation that follows a layer's kernel, its own or that of a layer behind it."""
    own = case.layers[place].get("activation")
    if own not in (None, "linear"):
        return str(own)
    behind = case.layers[place + 1] if place + 1 < len(case.layers) else {}
    return str(behind["activation"]) if behind.get("type") == "Activation" else "linear"
