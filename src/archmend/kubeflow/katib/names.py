"""Who an Experiment belongs to: its name and its labels, the same for every try of one task."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

PART_OF = "app.kubernetes.io/part-of"
MANAGED_BY = "app.kubernetes.io/managed-by"
RUN, TASK, PIPELINE, USER = (f"archmend.io/{name}" for name in ("run", "task", "pipeline", "user"))
DIGEST = "archmend.io/digest"
"""Annotation: of what was asked, so that a successor adopts its own Experiment only."""
STOPPED = "archmend.io/stopped"
"""Annotation: why archmend stopped the Experiment."""
DEADLINE = "archmend.io/deadline"
"""Annotation: seconds since the epoch at which the search ends, so that a successor has no more time."""
SECONDS = "archmend.io/max-seconds"
"""Annotation: how long the whole search was to last when the Experiment was made."""
OURS = f"{PART_OF}=archmend"
"""Selects every Experiment of ours."""

_NO_LABEL = re.compile(r"[^A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Identity:
    """Whose search it is; texts that are empty are unknown.

    Attributes:
        run: id of the pipeline run, or of the local run. task: of the pipeline. pipeline: its name.
        user: who started it.
    """

    run: str
    task: str = "search"
    pipeline: str = ""
    user: str = ""

    def labels(self) -> dict[str, str]:
        """Return the labels of everything that belongs to it."""
        named = {RUN: self.run, TASK: self.task, PIPELINE: self.pipeline, USER: self.user}
        return {
            PART_OF: "archmend",
            MANAGED_BY: "archmend",
            **{key: label_value(value) for key, value in named.items() if label_value(value)},
        }


def experiment_name(identity: Identity) -> str:
    """Return the name of a task's Experiment: the same whenever the task is tried again.

    Katib takes 40 letters, and puts an algorithm's name and a trial's number behind it.
    """
    text = f"{identity.run}/{identity.task}"
    return f"archmend-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def label_value(text: str) -> str:
    """Return a text as the value of a label: at most 63 letters of the few that Kubernetes takes."""
    return _NO_LABEL.sub("-", text)[:63].strip("-_.")
