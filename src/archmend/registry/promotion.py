"""The rule by which a new version becomes champion; decided here, acted upon elsewhere."""

from __future__ import annotations

import math

from archmend.errors import BadInput
from archmend.registry.types import Record

# Accuracies are fractions of rows; their differences in floating point are off by about 1e-16.
_ROUNDING = 1e-12


def check_margin(margin: float) -> float:
    """Return a margin that can be asked for.

    Raises:
        BadInput: it is no fraction 0..1.
    """
    if not (math.isfinite(margin) and 0 <= margin <= 1):
        raise BadInput(f"promote_margin must be a fraction from 0 to 1, got {margin}")
    return margin


def decide(candidate: Record, champion: Record | None) -> tuple[bool, str]:
    """Say whether `candidate` becomes champion, and why, in a sentence.

    Only what was measured on untouched rows can be compared: the test part, the same rows for both.
    """
    new = candidate.measured
    if new.part != "test":
        return False, f"it was measured on the part {new.part!r}, and a champion is measured on 'test'"
    if champion is None:
        return True, "there was no champion before it"
    old = champion.measured
    if new.test_digest is None or new.test_digest != old.test_digest:
        return False, (
            f"it was measured on other test rows ({_short(new.test_digest)}) than the champion, "
            f"version {champion.version} ({_short(old.test_digest)}), so the two cannot be compared"
        )
    gain = new.accuracy - old.accuracy
    figures = f"accuracy {new.accuracy:.4f} against {old.accuracy:.4f} of version {champion.version}"
    if gain <= _ROUNDING:
        return False, f"{figures} is not better"
    if gain < candidate.promote_margin - _ROUNDING:
        return False, f"{figures} is better by less than the margin of {candidate.promote_margin:g}"
    return True, f"{figures} is better" + (
        f" by at least the margin of {candidate.promote_margin:g}" if candidate.promote_margin else ""
    )


def _short(digest: str | None) -> str:
    return digest[:12] if digest else "unknown"
