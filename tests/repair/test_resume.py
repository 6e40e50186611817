"""A fit that is killed and goes on from its saved state is the fit that was not killed."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from archmend.repair import Detector, Keeper, Resumed, Symptom, fit, rebuild
from archmend.repair.archive import Arrays, SavedError, packed, unpacked
from archmend.repair.configs import config_of, model_of
from archmend.repair.detectors import DETECTORS
from archmend.repair.keeper import SHARE, Saver

L = keras.layers


class KilledError(BaseException):
    """Ends a fit where it stands, as a signal does."""


class Memory(Keeper):
    """Keeps all states in memory, and kills the fit after so many saves if it is told to."""

    pause = 0.0

    def __init__(self, start: bytes | None = None, *, die_after: int | None = None, of: str = "") -> None:
        self.states: list[bytes] = []
        self.found: list[Resumed] = []
        self.said: list[str] = []
        self.of = of
        self._start, self._left = start, die_after

    def load(self) -> bytes | None:
        return self._start

    def save(self, state: bytes) -> None:
        self.states.append(state)
        if self._left is not None and len(self.states) == self._left:
            raise KilledError

    def resumed(self, found: Resumed) -> None:
        self.found.append(found)

    def refused(self, reason: str) -> None:
        self.said.append(reason)

    def failed(self, reason: str) -> None:
        self.said.append(reason)


def same(result: Any) -> Any:
    """What must not depend on whether the fit was killed: all but wall time."""
    decisions = [{**d.model_dump(), "seconds": 0} for d in result.decisions]
    history = {k: v for k, v in result.history.items() if k != "seconds"}
    candidates = [(c.name, repr(c.value), repr(c.loss), c.epochs, c.kept) for c in result.candidates]
    weights = [np.asarray(w).tobytes() for w in result.model.get_weights()]
    moments = [np.asarray(v).tobytes() for v in result.model.optimizer.variables]
    return decisions, json.dumps(history), candidates, weights, moments


def relu_net(chain: Callable[..., Any]) -> Any:
    layers = [L.Dense(16), L.BatchNormalization(), L.Activation("relu"), L.Dropout(0.1)]
    return chain(*layers, L.Dense(16, activation="relu"), optimizer=keras.optimizers.Adam(0.01))


EPOCHS = 5


@pytest.fixture(scope="module")
def whole(chain: Any, ring: Any) -> tuple[Any, list[bytes]]:
    """What a healthy fit came to, and the state that a kill would have left at the start of each epoch."""
    keeper = Memory(of="this")
    return same(fit(relu_net(chain), *ring, epochs=EPOCHS, keeper=keeper)), keeper.states


def test_saving_changes_nothing(whole: tuple[Any, list[bytes]], chain: Any, ring: Any) -> None:
    assert same(fit(relu_net(chain), *ring, epochs=EPOCHS)) == whole[0]
    assert len(whole[1]) == EPOCHS


@pytest.mark.parametrize("epochs", [1, 4])
def test_a_healthy_fit_goes_on_to_the_same_end(
    epochs: int, whole: tuple[Any, list[bytes]], chain: Any, ring: Any
) -> None:
    result, states = whole
    keeper = Memory(states[epochs], of="this")
    assert same(fit(relu_net(chain), *ring, epochs=EPOCHS, keeper=keeper)) == result
    assert [len(found.history) for found in keeper.found] == [epochs]
    assert keeper.said == []


def test_a_mended_fit_goes_on_to_the_same_end(chain: Any, ring: Any) -> None:
    def once(state: bytes | None = None) -> tuple[Any, Memory]:
        layers = [L.Dense(8, activation="sigmoid", name=f"hidden_{i}") for i in range(6)]
        model, keeper = chain(*layers, optimizer=keras.optimizers.Adam(0.003)), Memory(state)
        return fit(model, *ring, epochs=6, strategy="random", seed=2, keeper=keeper), keeper

    result, watched = once()
    assert any(decision.kept for decision in result.decisions)
    for number in (0, len(watched.states) - 1):  # right after the treatment, and when it is nearly over
        again, keeper = once(watched.states[number])
        assert same(again) == same(result)
        assert keeper.found[0].decisions == result.decisions[: len(keeper.found[0].decisions)]


class Late(Detector):
    """Sees a fault in the middle of the second epoch."""

    name = "late"

    def look(self, statistics: Any) -> Symptom | None:
        return Symptom(self.name) if (statistics.epoch, statistics.batch) == (1, 5) else None


def test_killed_before_and_after_a_treatment_in_the_middle_of_an_epoch(
    chain: Any, ring: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = type(DETECTORS).create_all
    monkeypatch.setattr(type(DETECTORS), "create_all", lambda r: (Late(),) if r is DETECTORS else real(r))

    def once(keeper: Memory) -> Any:
        net = relu_net(chain)
        return same(fit(net, *ring, epochs=3, strategy="random", max_repairs=2, seed=3, keeper=keeper))

    watched = Memory()
    result = once(watched)
    assert len(result[0]) in (1, 2)
    state: bytes | None = None
    for saves in (2, 2):  # a fit that goes on saves what it loaded once more
        killed = Memory(state, die_after=saves)
        with pytest.raises(KilledError):
            once(killed)
        state = killed.states[-1]
    last = Memory(state)
    assert once(last) == result
    assert len(last.found[0].decisions) == len(result[0])


def test_seconds_that_were_spent_before_count(whole: tuple[Any, list[bytes]], chain: Any, ring: Any) -> None:
    late = edited(whole[1][2], lambda head: head["state"]["loop"]["limits"].update(seconds=999.999))
    keeper = Memory(late, of="this")
    result = fit(relu_net(chain), *ring, epochs=EPOCHS, keeper=keeper, budget_seconds=1000)
    assert keeper.found[0].seconds == 999.999
    assert len(result.history["epoch"]) == 2  # no time for more, yet the best so far


def test_a_state_of_other_settings_is_said_and_left(
    whole: tuple[Any, list[bytes]], chain: Any, ring: Any
) -> None:
    keeper = Memory(whole[1][2], of="this")
    result = fit(relu_net(chain), *ring, epochs=1, keeper=keeper)
    assert len(result.history["epoch"]) == 1
    assert keeper.found == []
    assert keeper.said == ["it is of another model, or of other settings"]


def test_a_state_of_another_loss_is_said_and_left(chain: Any, ring: Any) -> None:
    def once(state: bytes | None = None, **settings: Any) -> Memory:
        keeper, model = Memory(state), relu_net(chain)
        model.compile(model.optimizer, keras.losses.SparseCategoricalCrossentropy(**settings))
        fit(model, *ring, epochs=2, keeper=keeper)
        return keeper

    state = once().states[1]
    assert once(state).said == []
    assert once(state, ignore_class=-1).said == ["it is of another model, or of other settings"]


def edited(state: bytes, edit: Callable[[Any], Any]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(state)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "state.json":
                head = json.loads(content)
                edit(head)
                content = json.dumps(head).encode()
            new.writestr(name, content)
    return out.getvalue()


SPOILED: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "cut": (lambda s: s[: len(s) // 2], "damaged"),
    "empty": (lambda s: b"", "damaged"),
    "foreign": (lambda s: b"epoch,loss\n" * 99, "damaged"),
    "changed": (lambda s: s.replace(b'"epoch": ', b'"epoch":\t', 1), "damaged"),
    "older": (lambda s: edited(s, lambda h: h["versions"].update(keras="2.0")), "written with keras 2.0"),
    "schema": (lambda s: edited(s, lambda h: h.update(schema_version=9)), "schema 9"),
    "other": (lambda s: edited(s, lambda h: h.update(of="that")), "another request"),
}


@pytest.mark.parametrize("how", SPOILED)
def test_what_is_no_state_of_this_fit_is_refused(how: str, whole: tuple[Any, list[bytes]]) -> None:
    spoil, reason = SPOILED[how]
    with pytest.raises(SavedError, match=reason):
        unpacked(spoil(whole[1][-1]), "this")


def test_a_network_that_keras_does_not_know_is_refused(chain: Any) -> None:
    model = rebuild(relu_net(chain))
    config = config_of(model)
    assert model_of(config, model).get_config() == model.get_config()
    with pytest.raises(SavedError, match="other variables"):
        model_of({**config, "variables": []}, model)
    with pytest.raises(SavedError, match="cannot be built"):
        model_of({**config, "network": {**config["network"], "class_name": "Unknown"}}, model)


def test_a_state_holds_each_array_once_and_no_code(whole: tuple[Any, list[bytes]]) -> None:
    with np.load(io.BytesIO(whole[1][-1]), allow_pickle=False) as archive:
        arrays = [archive[name] for name in archive.files if name != "state.json"]
    contents = [(array.dtype, array.shape, array.tobytes()) for array in arrays]
    assert len(set(contents)) == len(contents)
    state, _ = unpacked(whole[1][-1], "this")
    assert len(state["networks"]) == 1  # the best state and the latest share it
    assert state["loop"]["initial"] is not None  # 44 steps: a fault would go back to the start
    assert unpacked(whole[1][0], "this")[0]["loop"]["average"] == {}


def test_half_precision_goes_through_bit_by_bit() -> None:
    import ml_dtypes

    held = Arrays()
    values = [np.arange(6, dtype=ml_dtypes.bfloat16).reshape(2, 3), np.float16(1.5), np.zeros((0, 2), "i8")]
    numbers = [held.put(value) for value in values]
    _, arrays = unpacked(packed({}, held.held, "x"), "x")
    for number, value in zip(numbers, values, strict=True):
        assert (arrays[number].dtype, arrays[number].shape) == (value.dtype, value.shape)
        assert arrays[number].tobytes() == value.tobytes()


def test_saves_are_rare_where_they_cost() -> None:
    now = [0.0]
    keeper = Memory()
    keeper.pause = 5.0
    saver = Saver(keeper, lambda: now[0])

    def after(seconds: float, cost: float = 0.0) -> int:
        def state() -> bytes:
            now[0] += cost
            return b""

        now[0] += seconds
        saver.offer(state)
        return len(keeper.states)

    assert [after(4.9), after(0.2, cost=2.0)] == [0, 1]
    assert after(2.0 / SHARE - 2.1) == 1  # the pause is over, but the last save took two seconds
    assert after(0.2) == 2


def test_what_cannot_be_written_down_ends_the_saves_and_not_the_fit() -> None:
    keeper = Memory()
    saver = Saver(keeper)
    for _ in range(2):
        saver.offer(lambda: packed({"held": object()}, [], "x"))
    assert keeper.states == []
    (said,) = keeper.said
    assert said.startswith("TypeError")


def test_a_model_that_standardises_is_copied_and_goes_on(ring: Any) -> None:
    (x, y), validation = ring
    scale = L.Normalization()
    scale.adapt(x * 9 + 4)
    model = keras.Sequential([keras.Input((2,)), scale, L.Dense(2, activation="softmax")])
    model.compile("sgd", "sparse_categorical_crossentropy")
    assert np.array_equal(rebuild(model)(x), model(x))
    keeper = Memory()
    result = fit(model, (x, y), validation, epochs=2, keeper=keeper)
    again = fit(model, (x, y), validation, epochs=2, keeper=Memory(keeper.states[-1]))
    assert same(again) == same(result)
