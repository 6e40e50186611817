"""What the page says of the search itself: how sure the winner is, and what more trials would bring."""

from __future__ import annotations

from archmend.reports.charts import Spec, finished
from archmend.reports.record import Explanation, RunRecord

_POOR = 0.3
"""A rank correlation with left-out trials below this is no model to build on."""
_SHOWN = 12


def explanation_note(record: RunRecord) -> str | None:
    """Return it in words, None where nothing is known."""
    found = record.explanation
    if found is None:
        return None
    if found.fit < _POOR:
        return (
            "A model of the trials predicts those that are left out hardly better than chance (rank "
            f"correlation {found.fit:.2f}), so nothing is said of the choices or of further trials."
        )
    gain = f"{found.gain:.2g} ({found.gain_low:.2g} to {found.gain_high:.2g} in eight cases of ten)"
    return (
        f"By a model of the trials (rank correlation with ones left out: {found.fit:.2f}), the winner is "
        f"the best of those tried with a probability of {found.winner_is_best:.0%}, and "
        f"{found.more} more trials would improve {found.objective} by {gain}."
    )


def importance_chart(record: RunRecord) -> Spec | None:
    """Return a chart of how much each choice makes by itself, None where nothing is known."""
    import altair as alt

    found: Explanation | None = record.explanation
    if found is None or found.fit < _POOR or not found.importance:
        return None
    rows = [{"choice": c, "share": s} for c, s in list(found.importance.items())[:_SHOWN]]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_bar()
        .encode(
            x=alt.X("share:Q", axis=alt.Axis(format="%"), title="share of the values' variance"),
            y=alt.Y("choice:N", sort=None, title=None),
            tooltip=["choice:N", alt.Tooltip("share:Q", format=".1%")],
        )
    )
    return finished(chart, 24 * len(rows) + 20)
