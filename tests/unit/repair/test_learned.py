"""The strategy that expects gains: what it reads, when it is followed, and files that do not fit."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from archmend.errors import BadInput
from archmend.repair.strategies.features import features, names
from archmend.repair.strategies.gain_model import GainModel, places
from archmend.repair.strategies.learned import SHIPPED, by_gain
from archmend.repair.values import Description, EpochRecord, LayerStatistics, Symptom, TrainingStatistics

FEATURES = ("depth", "width")
REMEDIES = ("clip", "selu", "widen")
RULES = ("selu", "widen")


def model(*members: dict[str, float], slope: float = 0.0, deviation: float = 0.1) -> GainModel:
    """An ensemble whose members expect these gains whatever they are told, and `slope` a `depth`."""
    kernel = np.zeros((len(members), 2, 6))
    kernel[:, 0, :3] = slope
    gains = np.array([[one.get(name, 0.0) for name in REMEDIES] for one in members])
    bias = np.concatenate([gains, np.full(gains.shape, math.log(deviation))], axis=1)
    return GainModel(
        FEATURES, REMEDIES, np.zeros(2), np.ones(2), (kernel,), (bias,), by_place=np.array([0.2, 0.1, 0.0])
    )


def told(depth: float = 0.0, width: float = 0.0) -> dict[str, float]:
    return {"depth": depth, "width": width}


def test_what_the_rules_name_early_is_expected_to_gain_as_it_did_on_the_average() -> None:
    assert list(places(REMEDIES, RULES, 3)) == [2, 0, 1]
    expected = model({}).predict(np.zeros(2), RULES)
    assert expected.gains == pytest.approx([0.0, 0.2, 0.1])
    assert expected.deviation == pytest.approx([0.1, 0.1, 0.1])


def test_members_that_disagree_make_an_expectation_less_sure() -> None:
    expected = model({"clip": 0.3}, {"clip": -0.3}).predict(np.zeros(2), RULES)
    assert expected.gains[0] == pytest.approx(0.0)
    assert expected.deviation == pytest.approx([math.hypot(0.1, 0.3), 0.1, 0.1])
    wider = replace(model({}), factor=1.5).predict(np.zeros(2), RULES)
    assert wider.deviation == pytest.approx([0.15, 0.15, 0.15])


def test_what_lies_far_outside_of_the_data_counts_as_its_edge() -> None:
    sloped = model({}, slope=0.1)
    edge, far = (sloped.predict(np.array([depth, 0.0]), RULES).gains for depth in (4.0, 1e9))
    assert far == pytest.approx(edge)
    assert edge[0] == pytest.approx(0.4)


def test_a_remedy_is_put_before_the_rules_first_only_where_the_members_are_sure_of_it() -> None:
    offered = ["clip", "selu", "widen"]
    sure = model({"clip": 0.5}, {"clip": 0.6}, {"clip": 0.4})
    unsure = model({"clip": 1.2}, {"clip": 0.0}, {"clip": 0.0})
    assert by_gain(sure, told(), RULES, offered) == ["clip", "selu", "widen"]
    assert by_gain(unsure, told(), RULES, offered) is None


def test_what_gains_nothing_comes_after_what_does_and_only_if_the_rules_name_it() -> None:
    expected = model({"clip": -0.1, "widen": -0.3}, {"clip": -0.1, "widen": -0.3})
    assert by_gain(expected, told(), RULES, ["clip", "selu", "widen"]) == ["selu", "widen"]


def test_remedies_that_are_unknown_or_do_not_apply_are_left_to_the_rules() -> None:
    sure = model({"clip": 0.5}, {"clip": 0.5})
    assert by_gain(sure, told(), RULES, ["selu", "mine"]) == ["selu", "widen"]
    assert by_gain(sure, told(), ("mine", "selu"), ["mine", "selu", "clip"]) is None
    assert by_gain(sure, told(), RULES, ["mine"]) is None


def test_where_the_rules_name_nothing_that_applies_a_sure_gain_is_tried_nonetheless() -> None:
    sure, unsure = model({"clip": 0.5}, {"clip": 0.4}), model({"clip": 0.5}, {"clip": -0.4})
    assert by_gain(sure, told(), (), ["widen", "clip"]) == ["clip"]
    assert by_gain(unsure, told(), (), ["widen", "clip"]) is None


def test_a_file_brings_back_the_same_expectations(tmp_path: Path) -> None:
    made = replace(model({"clip": 0.5}, {"clip": 0.25}), factor=1.25)
    made.save(tmp_path / "gains.npz")
    read = GainModel.load(tmp_path / "gains.npz")
    there, back = (one.predict(np.array([1.0, 2.0]), RULES) for one in (made, read))
    assert back.gains == pytest.approx(there.gains, abs=1e-6)
    assert back.deviation == pytest.approx(there.deviation, rel=1e-5)
    read.check(FEATURES, tmp_path)


@pytest.mark.parametrize(
    ("features", "sentence"),
    [
        (("depth",), "2 features, this version reads 1 .width are not in both."),
        (("depth", "width", "new"), "2 features, this version reads 3 .new are not in both."),
        (("width", "depth"), "in another order"),
    ],
)
def test_a_model_of_other_features_is_refused_in_one_sentence(
    features: tuple[str, ...], sentence: str
) -> None:
    with pytest.raises(BadInput, match=rf"gains\.npz .*{sentence}.*; fit it anew"):
        model({}).check(features, Path("gains.npz"))


def test_a_file_that_is_missing_foreign_or_of_another_version_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BadInput, match="is not there; fit it anew"):
        GainModel.load(tmp_path / "none.npz")
    for content in (b"", b"PK no zip", b"\x93NUMPY"):
        (tmp_path / "foreign.npz").write_bytes(content)
        with pytest.raises(BadInput, match="holds no gains of remedies"):
            GainModel.load(tmp_path / "foreign.npz")
    np.savez(tmp_path / "pickled.npz", named=np.array([{"version": 1}], dtype=object))
    with pytest.raises(BadInput, match="holds no gains of remedies"):
        GainModel.load(tmp_path / "pickled.npz")
    model({}).save(tmp_path / "gains.npz")
    monkeypatch.setattr("archmend.repair.strategies.gain_model.VERSION", 7)
    with pytest.raises(BadInput, match="is of version 1, this one reads version 7"):
        GainModel.load(tmp_path / "gains.npz")


def test_features_have_the_same_names_and_are_finite_whatever_is_seen() -> None:
    nothing = TrainingStatistics(0, 0, 0, 1, 1)
    broken = LayerStatistics("a", "relu", False, math.nan, 0.0, math.nan, 1.0, 1.0, finite=False)
    head = LayerStatistics("b", "softmax", True, math.inf, 1e30, math.inf, 0.0, 0.0, loss=math.nan)
    seen = replace(
        nothing,
        layers=(broken, head),
        losses=(math.nan, math.inf),
        history=(EpochRecord(0, math.inf, 0.1, math.nan, 0.1, 0.01, 1.0),),
        description=Description(penalties=(("a", 0.0),), optimizer="Lion"),
    )
    for symptom in (Symptom("dying", "a", fatal=True), Symptom("vanishing", "gone"), Symptom("mine")):
        for statistics in (nothing, seen):
            found = features(symptom, statistics)
            assert tuple(found) == names()
            assert all(math.isfinite(value) for value in found.values())
    assert features(Symptom("dying", "a"), seen)["depth_there"] == 0.5
    assert features(Symptom("dying", "b"), seen)["output_there"] == 1.0
    assert features(Symptom("dying"), seen)["whole"] == 1.0


def test_the_network_that_is_shipped_fits_and_is_small() -> None:
    shipped = GainModel.load(SHIPPED)
    shipped.check(names(), SHIPPED)
    assert SHIPPED.stat().st_size + SHIPPED.with_suffix(".json").stat().st_size < 1_000_000
    expected = shipped.predict(np.zeros(len(names())), ())
    assert np.isfinite(expected.gains).all()
    assert (expected.deviation > 0).all()
