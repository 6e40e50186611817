"""What a diagnosis comes to, as written to diagnosis.json."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from archmend.repair.decision import Measured
from archmend.repair.values import Symptom
from archmend.repair.words import advice, seen


class Finding(BaseModel):
    """One thing that is or may be wrong with a network.

    Attributes:
        symptom, layer, evidence: what was seen; layer None is the whole network.
        confidence: 0..1. sure: whether a repair would act on it.
        batch: batches that had been trained when it was first seen; 0 is before training.
        sentence: what was seen, in words. advice: what to change in the code that made the network.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    symptom: str
    layer: str | None
    evidence: dict[str, Measured]
    confidence: float
    sure: bool
    batch: int
    sentence: str
    advice: str


class Diagnosis(BaseModel):
    """All findings, the surest first.

    Attributes:
        batches: that were trained, on a copy, to look at the beginning of the training.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: int = 1
    findings: tuple[Finding, ...]
    batches: int

    @property
    def healthy(self) -> bool:
        """Whether nothing was found that a repair would act on."""
        return not any(finding.sure for finding in self.findings)

    def lines(self) -> list[str]:
        """Return one sentence a finding; what is less sure begins with `perhaps`."""
        if not self.findings:
            return ["nothing found"]
        found = []
        for one in self.findings:
            doubt = "" if one.sure else "perhaps "
            when = "before training" if one.batch == 0 else f"after {one.batch} batches"
            todo = f"; {one.advice}" if one.advice else ""
            found.append(f"{doubt}{one.symptom} ({when}): {one.sentence}{todo}")
        return found if not self.healthy else ["nothing found that a repair would act on", *found]


def finding_of(symptom: Symptom, batch: int, sure: bool) -> Finding:
    """Return a symptom with its words."""
    return Finding(
        symptom=symptom.name,
        layer=symptom.layer,
        evidence=dict(symptom.evidence),
        confidence=symptom.confidence,
        sure=sure,
        batch=batch,
        sentence=seen(symptom),
        advice=advice(symptom),
    )
