"""What a request to Kubeflow Pipelines can come back with, each in one sentence."""

from __future__ import annotations

import json
from typing import Any

from archmend.errors import ArchmendError, BadInput, Unavailable
from archmend.kubeflow.kube import cause_of


class AbsentError(BadInput):
    """What was asked for is not there; whoever asked knows what that means."""


class TakenError(BadInput):
    """The name is taken; whoever asked knows by what."""


def explained(what: str, where: str, error: Exception) -> Exception:
    """Return the error to raise for one that the client library raised.

    Args:
        what: was to be done, as an infinitive without its "to".
        where: the address that was asked.
        error: of the generated client, of urllib3, or of reading the answer; others are returned as they are.
    """
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError, MaxRetryError, ResponseError

    if isinstance(error, ArchmendError):
        return error
    if isinstance(error, ApiException):
        return _refused(what, where, error)
    if isinstance(error, MaxRetryError) and isinstance(error.reason, ResponseError):
        return Unavailable(
            f"{where} sends to another page (a login?) instead of answering to {what}; give the address of "
            "the API itself, or a token by --token-file"
        )
    if isinstance(error, HTTPError | OSError):
        return Unavailable(
            f"{where} does not answer to {what} ({cause_of(error)}); check the host and its port"
        )
    if isinstance(error, AttributeError | TypeError | ValueError):
        # The generated client stumbles over an answer of another shape.
        return foreign(what, where)
    return error


def foreign(what: str, where: str) -> Unavailable:
    """Return the error for an answer that is none of Kubeflow Pipelines'."""
    return Unavailable(
        f"{where} answered to {what} with something that is not Kubeflow Pipelines' API (a login page?); "
        "check the address and the token"
    )


def is_passing(error: BaseException) -> bool:
    """Say whether the same question may be answered a moment later."""
    from kfp_server_api import ApiException
    from urllib3.exceptions import HTTPError

    if isinstance(error, ApiException):
        return error.status in (429, 500, 502, 503, 504)
    return isinstance(error, HTTPError | ConnectionError | TimeoutError)


def _refused(what: str, where: str, error: Any) -> Exception:
    words = _words(error)
    if error.status == 404:
        return AbsentError(f"{where} has nothing of that name to {what} ({words})")
    if error.status == 409 or "already exist" in words.lower():
        return TakenError(f"{where} could not {what}: {words}")
    if error.status == 400:
        return BadInput(f"{where} refused to {what}: {words}; change that")
    if error.status == 401:
        return Unavailable(
            f"{where} refused the credentials to {what}; give a fresh token by --token-file (its audience "
            "must be pipelines.kubeflow.org)"
        )
    if error.status == 403:
        return Unavailable(f"this account may not {what} at {where} ({words}); give it that right")
    return Unavailable(f"{where} answered {error.status} to {what} ({words}); try again later")


def _words(error: Any) -> str:
    """Return the server's own sentence, the innermost where it wraps one in others."""
    try:
        told = json.loads(error.body)
        inner = [str(detail["message"]) for detail in told.get("details", ()) if detail.get("message")]
        # Uploads, which are no part of the generated API, say it by another name.
        words = inner[0] if inner else str(told.get("message") or told.get("error") or told["error_message"])
    except (TypeError, ValueError, KeyError, AttributeError):
        words = str(error.reason)
    return " ".join(words.split()).rstrip(".;")
