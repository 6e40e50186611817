"""Symptoms in words, and the file that a diagnosis writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archmend.repair import Diagnosis, Symptom, detector_names
from archmend.repair.findings import finding_of

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "diagnosis.schema.json"
WRITE_IT = (
    "write it anew: python -c 'import json; from archmend.repair import Diagnosis; "
    'print(json.dumps(Diagnosis.model_json_schema(mode="serialization"), indent=2))\' '
    "> docs/schemas/diagnosis.schema.json"
)


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == Diagnosis.model_json_schema(mode="serialization"), WRITE_IT


@pytest.mark.parametrize("name", detector_names())
def test_every_symptom_has_words_and_advice_whatever_its_evidence(name: str) -> None:
    found = finding_of(Symptom(name, "hidden", {"some": 0.25, "other": float("nan")}), 0, True)
    assert found.sentence.startswith("layer 'hidden': ")
    assert "{" not in found.sentence + found.advice
    assert found.advice


def test_a_sentence_names_the_layer_the_numbers_and_the_way_out() -> None:
    dead = Symptom("dying", "dense_2", {"inactive": 0.94, "dormant": 0.95, "limit": 0.9})
    high = Symptom("learning_rate_high", None, {"rate": 3.0, "before": 1.1, "after": 88.25, "better": 0.03})
    wrong = Symptom("wrong_output", "out", {"expected": 2.0}, confidence=0.4)
    findings = (finding_of(dead, 0, True), finding_of(high, 12, True), finding_of(wrong, 0, False))
    first, second, third = Diagnosis(findings=findings, batches=100).lines()
    assert first.startswith("dying (before training): layer 'dense_2': 94 % of the units are zero")
    assert second == (
        "learning_rate_high (after 12 batches): steps at the learning rate 3 raise the loss from 1.1 to 88.2"
        "; lower the learning rate to about 0.03"
    )
    assert third.startswith("perhaps wrong_output")
    assert third.endswith("give the output the activation softmax")


def test_nothing_found_is_said() -> None:
    assert Diagnosis(findings=(), batches=10).lines() == ["nothing found"]
    doubtful = finding_of(Symptom("plateau", None, {"loss": 0.3}, confidence=0.3), 9, False)
    lines = Diagnosis(findings=(doubtful,), batches=10).lines()
    assert lines[0] == "nothing found that a repair would act on"
    assert len(lines) == 2


def test_a_third_partys_symptom_is_told_by_its_numbers() -> None:
    found = finding_of(Symptom("jittery", "a", {"jitter": 0.5}), 3, True)
    assert (found.sentence, found.advice) == ("layer 'a': jittery (jitter 0.5)", "")
