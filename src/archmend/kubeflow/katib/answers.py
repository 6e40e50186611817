"""What an answer of the API server that is no success means: ask again, nothing is there, or a sentence."""

from __future__ import annotations

import json
from typing import Any

from archmend.errors import BadInput, Unavailable
from archmend.kubeflow.kube import cause_of

_GONE = 410


class AbsentError(Unavailable):
    """The object is not there, or the cluster does not know its kind: whoever asked knows which."""


class TakenError(Unavailable):
    """Another object has the name."""


def is_passing(error: BaseException) -> bool:
    """Say whether the same question may be answered a moment later."""
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    if isinstance(error, Unavailable) and error.__cause__ is not None:
        return is_passing(error.__cause__)
    if isinstance(error, ApiException):
        words, reason = _said(error)
        # A webhook without a server behind it, as while Katib's controller restarts, is a 500; one that
        # answered and said no may be one too.
        return (
            error.status in (429, 502, 503, 504)
            or (error.status == 500 and ("failed calling webhook" in words or "etcdserver" in words))
            or (error.status == 409 and reason == "Conflict")
        )
    return isinstance(error, HTTPError | ConnectionError | TimeoutError)


def is_gone(error: BaseException) -> bool:
    """Say whether the changes from some version on are no longer kept, so that only a new list tells."""
    return getattr(error, "status", None) == _GONE


def translated(error: Exception, what: str, namespace: str, server: str) -> Exception:
    """Return the sentence for an error of the client library; an error of another kind as it is.

    Args:
        error: that came.
        what: was asked, such as `create experiment NAME`.
        namespace: in which.
        server: address of the API server.
    """
    from kubernetes.client import ApiException
    from urllib3.exceptions import HTTPError

    if isinstance(error, ApiException):
        words, _ = _said(error)
        where = f"namespace {namespace} of {server}"
        if error.status == 404:
            return AbsentError(
                f"{where} has not what it takes to {what} ({words}); check that Kubeflow is installed there"
            )
        if error.status == 409:
            return TakenError(f"{where} could not {what} ({words}); try again")
        if error.status in (400, 422) or "admission webhook" in words:
            return BadInput(f"Katib refused to {what} in {where}: {words}; change that")
        if error.status == 401:
            return Unavailable(f"{server} refused the credentials to {what}; log in again")
        if error.status == 403:
            return Unavailable(f"this account may not {what} in {where} ({words}); give it that right")
        return Unavailable(f"{where} answered {error.status} to {what} ({words}); try again later")
    if isinstance(error, HTTPError | OSError):
        return Unavailable(f"{server} does not answer to {what} ({cause_of(error)}); check the cluster")
    return error


def _said(error: Any) -> tuple[str, str]:
    """Return the API server's own sentence, and its reason in one word."""
    try:
        status = json.loads(error.body)
        return str(status["message"]), str(status.get("reason", ""))
    except (TypeError, ValueError, KeyError):
        return str(error.reason), ""
