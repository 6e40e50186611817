"""Faults that show only while a network trains."""

from __future__ import annotations

from typing import Any

from archmend.repair import EpochRecord, LayerStatistics, TrainingStatistics
from archmend.repair.detectors import DETECTORS
from archmend.repair.values import Description, LabelFacts
from archmend.repair.watch import ACT, symptoms

CLASSES = Description("out", 4, "softmax", loss="categorical_crossentropy", kind="onehot")


def layer(name: str, **changes: Any) -> LayerStatistics:
    healthy: dict[str, Any] = {"activation": "relu", "output": False, "gradient_norm": 0.1}
    healthy |= {"weight_norm": 5.0, "entropy": 0.8, "dormant": 0.1, "inactive": 0.1, "units": 16, "rank": 6.0}
    return LayerStatistics(name, **{**healthy, **changes})


LAYERS = (layer("a"), layer("b"), layer("out", output=True, units=4, commonest=0.3))


def history(losses: list[float], accuracy: list[float], val: list[float] | None = None) -> Any:
    rows = zip(losses, accuracy, val or accuracy, strict=True)
    return tuple(EpochRecord(n, loss, a, loss, v, 1e-3, 0.1) for n, (loss, a, v) in enumerate(rows))


def statistics(epochs: Any, **changes: Any) -> TrainingStatistics:
    done = len(epochs)
    common: dict[str, Any] = {
        "epoch": done,
        "batch": 0,
        "steps": done * 60,
        "epochs": 20,
        "batches_per_epoch": 60,
    }
    common |= {"layers": LAYERS, "first": LAYERS, "history": epochs, "epoch_end": True, "chance": 0.25}
    common |= {"validation_rows": 1000, "description": CLASSES}
    return TrainingStatistics(**{**common, **changes})


def named(found: TrainingStatistics, *, act: bool = True) -> list[tuple[str, str | None]]:
    seen = symptoms(DETECTORS.create_all(), found)
    return [(s.name, s.layer) for s in seen if (s.confidence >= ACT) is act]


LEARNING = history([1.4 * 0.85**n for n in range(12)], [min(0.3 + 0.06 * n, 0.97) for n in range(12)])


def test_a_run_that_learns_shows_nothing() -> None:
    for done in range(1, len(LEARNING) + 1):
        assert named(statistics(LEARNING[:done])) == []
        assert named(statistics(LEARNING[:done]), act=False) == []


def test_one_class_for_all_rows_is_a_collapse_where_others_are_common() -> None:
    collapsed = (*LAYERS[:2], layer("out", output=True, units=4, commonest=1.0))
    flat = history([1.4, 1.39, 1.39], [0.25] * 3)
    assert ("class_collapse", "out") in named(statistics(flat, layers=collapsed))
    assert ("class_collapse", "out") not in named(statistics(flat, layers=collapsed, chance=0.9))
    # A slow beginning, whose loss falls, is told and left alone.
    assert named(statistics(LEARNING[:3], layers=collapsed)) == []
    assert named(statistics((), layers=collapsed, epoch_end=False)) == []


def test_an_accuracy_and_a_loss_that_jump_are_an_oscillation() -> None:
    jumping = history([0.8, 0.4] * 5, [0.6, 0.8] * 5)
    assert ("oscillation", None) in named(statistics(jumping, layers=()))
    # The accuracy of few rows jumps by itself, and a falling loss is no oscillation.
    assert named(statistics(jumping, layers=(), validation_rows=20)) == []
    falling = history([0.8 * 0.8**n for n in range(10)], [0.9] * 10, [0.6, 0.8] * 5)
    assert named(statistics(falling, layers=())) == []


def test_a_halt_is_acted_on_far_below_what_could_be_learned() -> None:
    stuck = history([1.2, 1.0, *[0.98] * 12], [0.3, 0.4, *[0.45] * 12])
    assert ("plateau", None) in named(statistics(stuck))
    good = history([1.2, 0.6, *[0.5] * 12], [0.3, 0.7, *[0.8] * 12])
    assert (named(statistics(good)), named(statistics(good), act=False)) == ([], [("plateau", None)])
    idle = (layer("a", dormant=0.8), *LAYERS[1:])
    assert named(statistics(good, layers=idle)) == [("plateau", None)]


def test_units_that_fell_idle_while_much_is_unlearned_are_a_loss_of_plasticity() -> None:
    begun = [1.4, 1.2, 1.0, 0.9, 0.8]
    now = (layer("a", dormant=0.6, rank=1.5), *LAYERS[1:])
    half = history(begun, [0.3, 0.4, 0.45, 0.5, 0.55])
    assert named(statistics(half, layers=now)) == [("plasticity_loss", "a")]
    assert named(statistics(history(begun, [0.3, 0.6, 0.8, 0.9, 0.97]), layers=now)) == []


def test_an_entropy_that_falls_to_a_fiftieth_has_collapsed() -> None:
    fallen = (layer("a"), layer("b", entropy=0.012), LAYERS[2])
    assert named(statistics(LEARNING[:3], layers=fallen)) == [("entropy_collapse", "b")]


def test_a_narrow_layer_is_told_at_once_and_acted_on_where_training_is_stuck() -> None:
    narrow = (layer("a", units=32), layer("b", units=1, rank=1.0), LAYERS[2])
    assert named(statistics((), layers=narrow, epoch_end=False)) == [("bottleneck", "b")]
    two = (layer("a", units=64), layer("b", units=2), layer("out", output=True, units=10, commonest=0.2))
    ten = Description(
        "out", 10, "softmax", loss="categorical_crossentropy", kind="onehot", labels=LabelFacts()
    )
    begun = statistics((), layers=two, epoch_end=False, description=ten)
    assert (named(begun), named(begun, act=False)) == ([], [("bottleneck", "b")])
    stuck = history([1.5, 1.49, 1.49, 1.49], [0.4] * 4)
    assert named(statistics(stuck, layers=(), first=two, description=ten)) == [("bottleneck", "b")]
    assert named(statistics(LEARNING, layers=(), first=two, description=ten)) == []


def test_training_rows_far_worse_than_validation_rows_speak_against_the_dropout() -> None:
    described = Description("out", 4, "softmax", dropouts=(("drop", 0.7),))
    behind = history([1.2, 1.1, 1.0, 0.9], [0.3, 0.35, 0.4, 0.45], [0.5, 0.55, 0.6, 0.65])
    assert named(statistics(behind, layers=(), description=described)) == [("heavy_dropout", "drop")]


def test_first_losses_above_knowing_nothing_speak_against_the_rate() -> None:
    risen = (1.4, *[9.0 + n % 3 for n in range(15)])
    found = statistics((), losses=risen, steps=16, epoch_end=False, first=())
    assert named(found) == [("learning_rate_high", None)]
    assert named(statistics((), losses=(*[1.4] * 15, 9.0), steps=16, epoch_end=False)) == []
    # Steps too short to have moved anything did not raise the loss: the first one was lucky.
    before, still, moved = (layer("a", weight_norm=norm) for norm in (5.0, 5.001, 5.2))
    for now, says in ((still, []), (moved, [("learning_rate_high", None)])):
        seen = statistics((), losses=risen, steps=16, epoch_end=False, first=(before,), layers=(now,))
        assert named(seen) == says
