"""What the tests of steps share."""

from __future__ import annotations

import pytest

from archmend.datasets import Prepared, open_data


@pytest.fixture(scope="package")
def data() -> Prepared:
    return open_data("digits")
