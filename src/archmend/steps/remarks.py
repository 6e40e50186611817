"""What a step says of its own accord while it works."""

from __future__ import annotations

import sys


def remark(sentence: str) -> None:
    """Say a sentence on stderr, so that stdout holds results alone."""
    print(sentence, file=sys.stderr, flush=True)
