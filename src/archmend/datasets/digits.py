"""The built-in data: 1797 hand-written digits that scikit-learn brings, so no network is needed."""

from __future__ import annotations

import numpy as np

from archmend.datasets.raw import Raw


def read_digits() -> Raw:
    """Return scikit-learn's digits as grey images (rows, 8, 8) of 0..16 with labels 0..9.

    Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.
    """
    from sklearn.datasets import load_digits

    digits = load_digits()
    return Raw(format="image", x=digits.images.astype(np.float32), labels=digits.target.astype(np.int64))
