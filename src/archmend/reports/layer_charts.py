"""What the layers showed while the network was trained and mended: the evidence behind the decisions."""

from __future__ import annotations

from typing import Any

from archmend.reports.charts import Spec, decision_marks, finished
from archmend.reports.record import Probe, RunRecord

MEASURES = (
    ("gradient_norm", "Gradient norm by layer", "norm of the kernel's gradient", "log"),
    ("entropy", "Entropy by layer", "nats", "linear"),
    ("dormant", "Dormant units by layer", "share of the units", "linear"),
)
MOST_LAYERS = 12


def layer_charts(record: RunRecord) -> list[tuple[str, Spec]]:
    """Return (title, chart) of each measure over the epochs, with the decisions; none without decisions.

    Of many layers those with the smallest entropies are drawn: that is where a fault shows.
    """
    if not record.decisions:
        return []
    shown = _shown(record.probes)
    found = []
    for name, title, unit, scale in MEASURES:
        rows = [row for probe in shown if (row := _row(probe, name)) is not None]
        if scale == "log":  # a gradient of nothing has no place there
            rows = [row for row in rows if row["value"] > 0]
        if rows:
            found.append((title, _chart(record, rows, unit, scale)))
    return found


def _shown(probes: tuple[Probe, ...]) -> list[Probe]:
    least: dict[str, float] = {}
    for probe in probes:
        entropy = float("inf") if probe.entropy is None else probe.entropy
        least[probe.layer] = min(entropy, least.get(probe.layer, float("inf")))
    layers = sorted(least, key=lambda layer: least[layer])[:MOST_LAYERS]
    return [probe for probe in probes if probe.layer in layers]


def _row(probe: Probe, name: str) -> dict[str, Any] | None:
    value = getattr(probe, name)
    if value is None:
        return None
    # Epochs of the curves are counted from 1 at their end, and so is the moment of a probe.
    return {"epoch": probe.epoch, "value": value, "layer": probe.layer, "candidate": probe.candidate}


def _chart(record: RunRecord, rows: list[dict[str, Any]], unit: str, scale: str) -> Spec:
    import altair as alt

    layers = list(dict.fromkeys(row["layer"] for row in rows))
    x = alt.X("epoch:Q", axis=alt.Axis(tickMinStep=1, grid=False))
    y = alt.Y("value:Q", title=unit, scale=alt.Scale(type=scale), axis=alt.Axis(format="~g", tickCount=5))
    lines = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(strokeWidth=1.5, point=alt.OverlayMarkDef(size=18))
        .encode(
            x,
            y,
            color=alt.Color("layer:N", sort=layers, title=None, legend=alt.Legend(columns=2)),
            detail="candidate:N",
            tooltip=["layer:N", "candidate:N", "epoch:Q", "value:Q"],
        )
    )
    return finished((lines + decision_marks(record, x)).resolve_scale(color="independent"), 220)
