"""What the Model Registry is told of a version: flat properties, each a text, a number or yes and no."""

from __future__ import annotations

from archmend.registry import Version

Property = bool | int | float | str

MODEL = "model.keras"
SAVED_MODEL = "saved_model.tar"
DIGEST = "model_digest"
CHAMPION = "champion"
# `run` is the run of archmend; a link of that name is the pipeline's.
_LINK_NAMES = {"run": "pipeline_run"}


def properties(version: Version, *, champion: bool) -> dict[str, Property]:
    """Return a version's properties by name; what is unknown is left out.

    Figures are floats throughout: the server's integers have nine digits, and FLOPs have more.
    """
    lineage, measured = version.lineage, version.measured
    figures = {
        name: getattr(measured, name) for name in ("accuracy", "average_precision", "loss", "params", "flops")
    }
    known: dict[str, Property | None] = {
        "registry": version.registry,
        DIGEST: version.files[MODEL].sha256,
        "saved_model": version.uri(SAVED_MODEL) if SAVED_MODEL in version.files else None,
        CHAMPION: champion,
        "run": lineage.run,
        "trial": lineage.trial,
        "architecture": lineage.architecture,
        "space": lineage.space,
        "source": lineage.source,
        "data_digest": lineage.data_digest,
        "split_digest": lineage.split_digest,
        "test_digest": lineage.test_digest,
        "archmend": lineage.code_version,
        "part": measured.part,
        **{name: None if value is None else float(value) for name, value in figures.items()},
        **{_LINK_NAMES.get(name, name): value for name, value in lineage.links.items()},
    }
    return {name: value for name, value in known.items() if value is not None and value != ""}
