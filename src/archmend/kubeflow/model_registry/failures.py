"""What a request to a Model Registry can come back with, each in one sentence."""

from __future__ import annotations

import json

from archmend.errors import ArchmendError, BadInput, Unavailable


def explained(error: Exception, address: str) -> ArchmendError | None:
    """Return the error to raise for one that the client raised; None for one that is none of its own."""
    from aiohttp import ClientError, ContentTypeError
    from mr_openapi.exceptions import ApiException, OpenApiException

    from archmend.kubeflow.model_registry.client import NotAModelRegistry

    where = f"the Model Registry at {address}"
    if isinstance(error, ApiException):
        return _refused(error, where)
    if isinstance(error, TimeoutError):
        return Unavailable(f"{where} does not answer in time; look at its pod's log")
    if isinstance(error, ClientError | OSError) and not isinstance(error, ContentTypeError):
        return Unavailable(f"{where} does not answer ({_cause(error)}); check the address and its port")
    # The generated client stumbles over an answer that is no JSON, or JSON of something else.
    if isinstance(error, NotAModelRegistry | OpenApiException | ValueError | TypeError | AttributeError):
        return Unavailable(
            f"{address} does not answer as a Model Registry does (a login page, another service?); check the "
            "address, its port and the token"
        )
    return None


def _refused(error: object, where: str) -> ArchmendError:
    status, words = getattr(error, "status", None), _words(error)
    if status == 401:
        return Unavailable(f"{where} refused the token ({words}); give one that it takes")
    if status == 403:
        return Unavailable(f"{where} does not let this account in ({words}); give it that right, or a token")
    if status in (400, 422):
        return BadInput(f"{where} refused what it was told: {words}; change that")
    return Unavailable(f"{where} failed with status {status} ({words}); try again later")


def _words(error: object) -> str:
    """Return the server's own sentence, or what HTTP calls the status."""
    try:
        words = str(json.loads(getattr(error, "body", None) or "")["message"])
    except (TypeError, ValueError, KeyError):
        words = str(getattr(error, "reason", None) or "no reason given")
    return " ".join(words.split()).rstrip(".;")


def _cause(error: BaseException) -> str:
    inner = getattr(error, "os_error", None) or error
    return str(getattr(inner, "strerror", None) or inner or type(inner).__name__)
