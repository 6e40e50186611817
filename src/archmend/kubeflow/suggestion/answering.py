"""From a search and its history to the next suggestions: a pure function of the request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from archmend.errors import ArchmendError, BadInput
from archmend.kubeflow.suggestion.experiment import Search
from archmend.kubeflow.suggestion.groups import Group
from archmend.kubeflow.suggestion.names import EPOCHS, MOST_TRIALS
from archmend.kubeflow.suggestion.trials import History
from archmend.search import Suggestion, TrialResult

MOST_REPLAYED = 1_000
"""Suggestions that a request may leave out: each is made anew, so that a request has an end to its cost."""


class Exhausted(ArchmendError):
    """There are fewer suggestions left than were asked for."""


class GivenUp(ArchmendError):
    """Whoever asked waits no longer."""


@dataclass(frozen=True)
class Answer:
    """The suggestions of a reply, by trials, and all that have no finished trial, these among them, by id.

    Their fidelity is what the trial trains, None only where the experiment does not say.
    """

    groups: tuple[Group, ...]
    asked: Mapping[int, Group]


def answer(
    search: Search, history: History, count: int, given: int, wanted: Callable[[], bool] = lambda: True
) -> Answer:
    """Return the next suggestions.

    Args:
        search: what the experiment asks for.
        history: what the request shows and notes.
        count: for how many trials suggestions are asked for.
        given: for how many earlier replies gave them.
        wanted: whether the answer still is; asked between two suggestions.

    Raises:
        BadInput: settings that the strategy does not take, epochs that the experiment does not, or a request
            that leaves out too much.
        Exhausted: fewer are left. GivenUp: the answer is no longer wanted.
    """
    strategy = search.create(history.prior)
    strategy.tell(history.results)
    first_new = max((r.id for r in history.results), default=-1) + 1
    unseen = (given - history.trials) * search.trials_per_pod
    made: list[Group] = []
    open_group: list[Suggestion] = []
    replayed = 0
    while len(made) < count:
        if not wanted():
            raise GivenUp("nobody waits for this answer any more")
        asked = strategy.ask(1)
        if not asked or asked[0].id >= MOST_TRIALS:
            if open_group and len(made) == count - 1:
                made.append(tuple(open_group))  # the last one has what is left
                break
            left = sum(map(len, made)) + len(open_group)
            raise Exhausted(_exhausted(search, history, count, left, bool(asked)))
        (suggestion,) = asked
        excess = search.budget.excess(search.space.cost(suggestion.architecture))
        if excess is not None:
            # As the local loop does: it has an id, is told as rejected, and is never trained.
            rejected = TrialResult(
                suggestion.id, suggestion.architecture, None, "rejected", suggestion.fidelity, reason=excess
            )
            strategy.tell([rejected])
        elif suggestion.id < first_new or replayed < unseen:
            # An earlier reply gave it, and neither a trial nor the note says so: it counts as running.
            replayed += 1
            if replayed > MOST_REPLAYED:
                raise BadInput(
                    f"the request shows {len(history.results)} trials and leaves out more than "
                    f"{MOST_REPLAYED} that were suggested before them; begin a new experiment"
                )
        else:
            open_group.append(_with_epochs(search, suggestion))
            given_before = len(history.results) + replayed + sum(map(len, made))
            if len(open_group) == _size(search, given_before):
                made.append(tuple(open_group))
                open_group = []
    return Answer(tuple(made), {**history.asked, **{group[0].id: group for group in made}})


def _size(search: Search, given: int) -> int:
    """Return how many architectures the next trial gets, where so many were given before.

    Katib asks for a further trial where one has ended without metrics; once all are given, it gets one more.
    """
    trials = search.budget.trials
    left = search.trials_per_pod if trials is None else trials - given
    return max(1, min(search.trials_per_pod, left))


def _with_epochs(search: Search, suggestion: Suggestion) -> Suggestion:
    """Return the suggestion with the epochs that its trial will train.

    Raises:
        BadInput: the strategy chose some that the experiment does not take.
    """
    epochs = suggestion.fidelity
    if epochs is None:
        return replace(suggestion, fidelity=search.epochs)
    if EPOCHS not in search.parameters:
        raise BadInput(
            f"strategy {search.strategy!r} chooses the epochs and the experiment lacks the parameter "
            f"{EPOCHS!r}; declare it as int"
        )
    if epochs not in search.epochs_allowed:
        raise BadInput(
            f"strategy {search.strategy!r} asks for {epochs} epochs and the experiment's parameter takes "
            f"{search.epochs_allowed[0]} to {search.epochs_allowed[-1]}; widen it"
        )
    return suggestion


def _exhausted(search: Search, history: History, count: int, left: int, more: bool) -> str:
    where = f"the first {MOST_TRIALS} of space" if more else "space"
    each = "" if search.trials_per_pod == 1 else f" times {search.trials_per_pod}"
    return (
        f"{count}{each} more suggestions are asked for after {len(history.results)} and {where} "
        f"{search.space.name!r} has {left} left for strategy {search.strategy!r}; lower maxTrialCount, or "
        "widen the space or its limits"
    )
