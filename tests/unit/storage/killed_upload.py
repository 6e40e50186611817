"""Run as a process of its own by test_sending.py: uploads a file and is killed before its n-th part."""

from __future__ import annotations

import os
import signal
import sys

from archmend.storage import put
from archmend.storage.sending import Sending

file, uri, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
send_part = Sending._send_part


def killed(self: Sending, upload: str, number: int, data: bytes) -> str:
    if number == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return send_part(self, upload, number, data)


Sending._send_part = killed  # type: ignore[method-assign]
put(file, uri)
