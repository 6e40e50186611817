"""The error family: exit codes, and unknown names answered with the nearest known one."""

from __future__ import annotations

import subprocess
import sys

import pytest

from archmend import errors


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (errors.ArchmendError("x"), 1),
        (errors.BadInput("x"), 2),
        (errors.MissingExtra("TensorFlow", "cpu"), 2),
        (errors.NothingSucceeded("x"), 3),
        (errors.Unavailable("x"), 4),
        (errors.Interrupted("x", signal_number=2), 130),
        (errors.Interrupted("x", signal_number=15), 143),
    ],
)
def test_each_class_has_its_exit_code(raised: errors.ArchmendError, code: int) -> None:
    assert raised.exit_code == code


def test_unknown_name_offers_the_nearest() -> None:
    message = str(errors.unknown_name("space", "cnov", ["conv", "fc"]))
    assert message == "unknown space 'cnov': did you mean 'conv'? known: conv, fc"


def test_unknown_name_far_from_all_only_lists() -> None:
    assert "did you mean" not in str(errors.unknown_name("space", "zzzz", ["conv", "fc"]))


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = ("numpy", "pandas", "keras", "tensorflow")
    program = f"import archmend, sys; print([m for m in {heavy} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
