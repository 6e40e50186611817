"""An Experiment that is there already and one that is asked for: the same search, or how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archmend.errors import BadInput
from archmend.kubeflow.katib.names import DIGEST, SECONDS
from archmend.kubeflow.katib.states import experiment_state
from archmend.kubeflow.suggestion.names import TRIALS, TRIALS_PER_POD

EDITABLE = ("maxTrialCount", "maxFailedTrialCount", "parallelTrialCount")
"""All that Katib lets anybody change of an Experiment's spec, and only while it runs."""
_ELSEWHERE = "or search in another folder"


def changes(held: Mapping[str, Any], asked: Mapping[str, Any]) -> dict[str, int]:
    """Return what is to be changed in the held Experiment's spec; nothing where it can go on as it is.

    Args:
        held: as the API server gave it.
        asked: as it would be made.

    Raises:
        BadInput: it is another search, or asks for more than an Experiment that was made can give.
    """
    name, where = held["metadata"]["name"], held["metadata"].get("namespace", "")
    before, now = _notes(held), _notes(asked)
    if before.get(DIGEST) != now.get(DIGEST):
        raise BadInput(
            f"experiment {name} in namespace {where} is there already and was made with other settings; "
            "delete it, or start under another run"
        )
    changed = {key: asked["spec"][key] for key in EDITABLE if asked["spec"][key] != held["spec"].get(key)}
    per_pod, trials = _settings(asked).get(TRIALS_PER_POD, 1), _trials(asked)
    more = trials > _trials(held)
    longer, harder = _longer(before.get(SECONDS), now.get(SECONDS)), _harder(held, asked)
    state = experiment_state(held)
    if state.kind != "running":
        if more or longer or harder:
            raise BadInput(
                f"experiment {name} has ended ({state.stopped or state.message or state.reason}) and Katib "
                f"starts none again; for a larger budget search in another folder"
            )
        return {}
    if longer:
        raise BadInput(
            f"experiment {name} was made with --max-seconds {before[SECONDS]}, which its trials know and "
            f"Katib cannot change; give no more than that, {_ELSEWHERE}"
        )
    if harder:
        raise BadInput(
            f"experiment {name} ends at --target-value {held['spec']['objective']['goal']:g}, which Katib "
            f"cannot change; give one that is reached no later, {_ELSEWHERE}"
        )
    most = asked["spec"]["maxTrialCount"] * per_pod
    if min(most, _settings(held).get(TRIALS, most)) != trials:
        raise BadInput(
            f"experiment {name} was made for {_trials(held)} trials, {per_pod} in each pod, and Katib cannot "
            f"change how many its last pod has; give --max-trials {_trials(held)}, or a multiple of {per_pod}"
            f"{' below that' if TRIALS in _settings(held) else ''}, {_ELSEWHERE}"
        )
    begun = int((held.get("status") or {}).get("trials") or 0)
    if changed and asked["spec"]["maxTrialCount"] <= begun:
        # Katib takes no change at all then; without more trials to begin, other workers are of no use either.
        if asked["spec"]["maxTrialCount"] < held["spec"]["maxTrialCount"]:
            raise BadInput(
                f"experiment {name} has begun {begun * per_pod} trials and Katib takes no --max-trials of "
                f"{trials}; give more than {begun * per_pod}, {_ELSEWHERE}"
            )
        return {}
    return changed


def _settings(item: Mapping[str, Any]) -> dict[str, int]:
    """Return how many trials a pod has, and all pods together where the last one has fewer."""
    held = item["spec"]["algorithm"].get("algorithmSettings") or []
    return {s["name"]: int(s["value"]) for s in held if s["name"] in (TRIALS_PER_POD, TRIALS)}


def _trials(item: Mapping[str, Any]) -> int:
    """Return how many trials an Experiment has: not those that Katib counts, where a pod has several."""
    settings = _settings(item)
    most = int(item["spec"]["maxTrialCount"]) * settings.get(TRIALS_PER_POD, 1)
    return min(most, settings.get(TRIALS, most))


def _notes(item: Mapping[str, Any]) -> Mapping[str, str]:
    return item["metadata"].get("annotations") or {}


def _longer(before: str | None, now: str | None) -> bool:
    return before is not None and (now is None or float(now) > float(before))


def _harder(held: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether the held Experiment would end itself before the target is reached."""
    before, now = (item["spec"]["objective"].get("goal") for item in (held, asked))
    if before is None:
        return False
    upwards = held["spec"]["objective"]["type"] == "maximize"
    return now is None or (now > before if upwards else now < before)
