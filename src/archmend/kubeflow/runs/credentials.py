"""Where the token comes from that Kubeflow Pipelines asks for in multi-user mode."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from archmend.errors import BadInput

PROJECTED = Path("/var/run/secrets/kubeflow/pipelines/token")
"""Where Kubeflow's own profiles mount a service account token with the audience pipelines.kubeflow.org."""

TokenSource = Callable[[], str]


def token_source(
    token: str = "", token_file: Path | None = None, environment: Mapping[str, str] = os.environ
) -> TokenSource | None:
    """Return what gives the token for each request, None where there is none to give.

    A file is read anew each time: the kubelet replaces a projected token before it expires.

    Args:
        token: itself; before everything else.
        token_file: that holds one. Without both: the variable KF_PIPELINES_TOKEN, the file that
            KF_PIPELINES_SA_TOKEN_PATH names, the file that a pod of a profile has.
        environment: the process's own.

    Raises:
        BadInput: the file cannot be read, or what is in it or in the variable is no token.
    """
    if not token and not token_file:
        token, source = environment.get("KF_PIPELINES_TOKEN", ""), "the variable KF_PIPELINES_TOKEN"
    else:
        source = "the token"
    if token:
        token = _checked(token, source)
        return lambda: token
    named = token_file or environment.get("KF_PIPELINES_SA_TOKEN_PATH")
    path = Path(named) if named else PROJECTED
    if not named and not path.is_file():
        return None
    _read(path)
    return lambda: _read(path)


def _read(path: Path) -> str:
    try:
        token = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise BadInput(
            f"the token file {path} cannot be read ({why}); give one that holds a token"
        ) from error
    return _checked(token, f"the token file {path}")


def _checked(token: str, source: str) -> str:
    """Return the token without what surrounds it; no message ever shows it."""
    token = token.strip()
    if not token:
        raise BadInput(f"{source} is empty; give one that holds a token")
    if not (token.isascii() and token.isprintable()) or " " in token:
        raise BadInput(f"{source} holds more than a token (blanks or several lines); give the token alone")
    return token
