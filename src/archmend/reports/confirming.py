"""What the page says of the fresh trainings of the best."""

from __future__ import annotations

from dataclasses import dataclass

from archmend.reports.record import Confirm, Confirmed, RunRecord


@dataclass(frozen=True)
class ConfirmedRow:
    """A candidate in the words of the objective: texts, empty where there is nothing."""

    trial: int
    architecture: str
    first: str
    again: str
    overestimated: str
    estimate: str
    failed: int


def confirm_note(record: RunRecord) -> str | None:
    """Return what the first looks were worth, None where nothing was trained again."""
    confirm = record.confirm
    if confirm is None:
        return None
    gaps = [c.overestimated for c in confirm.candidates if c.overestimated is not None]
    if not gaps:
        return "The time was over before a fresh training of the best was measured."
    too_good = sum(gap > 0 for gap in gaps)
    gap = sum(gaps) / len(gaps)
    average = f"{abs(gap):.4f} too {'good' if gap > 0 else 'bad'}"
    said = (
        f"The best {len(confirm.candidates)} were trained {confirm.repeats} times more with fresh seeds: "
        f"in {confirm.objective}, the first look was too good for {too_good} of {len(gaps)}, and "
        f"on average {average}."
    )
    if confirm.winner == confirm.first_look:
        return f"{said} The first look's winner is confirmed."
    return (
        f"{said} Trial {confirm.winner} wins; the search alone would have chosen trial {confirm.first_look}."
    )


def confirm_rows(record: RunRecord) -> list[ConfirmedRow]:
    """Return a row for each candidate, the best first."""
    confirm = record.confirm
    return [] if confirm is None else [_row(confirm, candidate) for candidate in confirm.candidates]


def _row(confirm: Confirm, candidate: Confirmed) -> ConfirmedRow:
    sign = 1 if confirm.direction == "maximize" else -1
    gap = candidate.overestimated
    return ConfirmedRow(
        candidate.trial,
        candidate.architecture,
        f"{sign * candidate.first_look:.4f}",
        ", ".join(f"{sign * value:.4f}" for value in candidate.repeats),
        "" if gap is None else f"{gap:+.4f}",
        f"{sign * candidate.estimate:.4f} \u00b1 {candidate.error:.4f}",
        candidate.failed,
    )
