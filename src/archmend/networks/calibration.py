"""The latency model of this machine: measured once, kept in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import ValidationError

from archmend.errors import ArchmendError
from archmend.networks.latency_model import LatencyModel, fit_latency
from archmend.storage import write_atomic

LONGEST = 180.0
"""Seconds after which a calibration is given up."""
_REVISION = 1
"""Of what is measured and fitted; another one does not read what this one kept."""


def latency_model(*, seconds: float = LONGEST) -> LatencyModel | None:
    """Return the model of this machine, measured if it is not known yet; None where that fails or is slow.

    It stands for one thread, as workers have, for this processor, these accelerators and this TensorFlow.

    Args:
        seconds: that measuring may take; 0 measures nothing.
    """
    place = _place()
    known = _read(place)
    if known is not None or seconds <= 0:
        return known
    taken = _measured(min(seconds, LONGEST))
    if taken is None:
        return None
    model = fit_latency(taken, _machine())
    with suppress(ArchmendError, OSError):  # a home that cannot be written: measured again the next time
        write_atomic(place, model.model_dump_json(indent=2) + "\n")
    return model


def _read(place: Path) -> LatencyModel | None:
    try:
        return LatencyModel.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):  # not there, or damaged: both are measured anew
        return None


def _measured(seconds: float) -> list[tuple[dict[str, float], float]] | None:
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "archmend.networks.calibrating"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        start_new_session=True,  # Ctrl-C is for the parent, which ends it in order
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        # Its stdin stays open for as long as it works, for it ends with that.
        with _limited(process, seconds):
            said = process.stdout.read()
        return [(shape, float(taken)) for shape, taken in json.loads(said)] if process.wait() == 0 else None
    finally:
        process.kill()
        process.wait()
        process.stdin.close()
        process.stdout.close()


class _limited:  # noqa: N801  (reads as a word where it is used)
    """Kills a process that is not done after so many seconds."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        from threading import Timer

        self._timer = Timer(seconds, process.kill)
        self._timer.daemon = True

    def __enter__(self) -> None:
        self._timer.start()

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()


def _place() -> Path:
    home = os.environ.get("XDG_CACHE_HOME")
    folder = Path(home) if home else Path("~/.cache").expanduser()
    key = json.dumps([_REVISION, _machine()])
    return folder / "archmend" / f"latency-{hashlib.sha256(key.encode()).hexdigest()[:16]}.json"


def _machine() -> str:
    """Return what the time of a forward pass depends on, in words."""
    accelerators = sorted(path.name for path in Path("/dev").glob("nvidia[0-9]*"))
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    parts = [_processor(), f"TensorFlow {_tensorflow()}", "1 thread"]
    if accelerators:
        parts.append(
            f"{', '.join(accelerators)} (visible: {'all' if visible is None else visible or 'none'})"
        )
    return "; ".join(parts)


def _processor() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _tensorflow() -> str:
    for name in ("tensorflow", "tensorflow-cpu"):
        with suppress(PackageNotFoundError):
            return version(name)
    return "of unknown version"
