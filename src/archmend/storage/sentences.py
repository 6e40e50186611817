"""What is said of a request that a store did not answer as it should: one sentence, with the way out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from archmend.errors import ArchmendError, BadInput, Unavailable
from archmend.storage.connection import Connection
from archmend.storage.failures import (
    AbsentError,
    DamagedError,
    NotAStoreError,
    code_of,
    is_full,
    is_missing,
    is_passing,
    is_silent,
    status_of,
)
from archmend.storage.uri import bucket_and_key

_KEY = {
    "AccessDenied",
    "AllAccessDisabled",
    "AccountProblem",
    "ExpiredToken",
    "Forbidden",
    "InvalidAccessKeyId",
    "InvalidToken",
    "InvalidTokenId",
    "SignatureDoesNotMatch",
    "403",
}
_REGION = {
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "Redirect",
    "IllegalLocationConstraintException",
}


@contextmanager
def store_errors(uri: str, connection: Connection) -> Iterator[None]:
    """Translate what a client raises about `uri` into archmend's errors.

    Raises:
        BadInput: the object does not exist, or its name cannot be one.
        Unavailable: the bucket does not exist, and whatever else the store says.
    """
    try:
        yield
    except ArchmendError:
        raise
    except Exception as error:
        said = _said(error, uri, connection)
        if said is None:
            raise
        raise said from error


def _said(error: Exception, uri: str, connection: Connection) -> ArchmendError | None:
    from xml.etree.ElementTree import ParseError

    from botocore.exceptions import (  # type: ignore[import-untyped]
        BotoCoreError,
        NoCredentialsError,
        PartialCredentialsError,
    )
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]
    from minio.error import MinioException

    where = connection.where
    if isinstance(error, DamagedError):
        return Unavailable(f"{uri!r} arrived damaged from {where} ({error}); write it again")
    if isinstance(error, NoCredentialsError | PartialCredentialsError):
        keys = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        if uri.startswith("minio:"):
            keys = "MINIO_ACCESS_KEY and MINIO_SECRET_KEY"
        return Unavailable(f"{where} needs a key for {uri!r}; set {keys}")
    if code := code_of(error):
        return _refusal(code, error, uri, where)
    if is_silent(error):
        return Unavailable(_silence(error, uri, where))
    if isinstance(error, MinioException | NotAStoreError | ParseError | ResponseParserError):
        status = f"status {status_of(error)}" if status_of(error) else "no XML, no ETag"
        if is_passing(error):
            return Unavailable(f"{where} failed for {uri!r} ({status}); try again later")
        return Unavailable(
            f"{where} does not answer {uri!r} as an S3 service does ({status}); "
            "check its port, and http or https"
        )
    if isinstance(error, BotoCoreError):
        return Unavailable(f"{where} cannot be asked for {uri!r} ({_short(error)}); check its settings")
    if isinstance(error, ValueError):  # of the clients' checks of names
        return BadInput(f"{uri!r} cannot be the name of an object ({_short(error)}); choose another name")
    return None


def _refusal(code: str, error: Exception, uri: str, where: str) -> ArchmendError:
    bucket, _ = bucket_and_key(uri)
    if is_missing(error):
        return AbsentError(f"there is no object {uri!r}; check the name and the service it lies in")
    if code == "NoSuchBucket":
        return Unavailable(
            f"there is no bucket {bucket!r} (of {uri!r}) at {where}; make it, or check its name"
        )
    if is_full(error):
        return Unavailable(f"{where} is full for {uri!r} ({code}); free some space or raise the quota")
    if code in _KEY:
        return Unavailable(f"{where} refused access to {uri!r} ({code}); check the key and what it may do")
    if code == "RequestTimeTooSkewed":
        return Unavailable(f"{where} refused {uri!r} as the clocks differ ({code}); set this machine's clock")
    if code in _REGION:
        return Unavailable(
            f"{where} serves {bucket!r} from another region ({code}); set AWS_REGION, or MINIO_REGION for minio://"
        )
    if is_passing(error):
        return Unavailable(f"{where} failed for {uri!r} ({code}); try again later")
    return Unavailable(
        f"{where} refused {uri!r} ({code}: {_message(error)}); check the name and the settings"
    )


def _silence(error: Exception, uri: str, where: str) -> str:
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return (
            f"{where} shows a certificate that is not trusted, so {uri!r} was not asked for; "
            "set AWS_CA_BUNDLE to its authority's file"
        )
    if "WRONG_VERSION_NUMBER" in text:
        return f"{where} speaks no TLS, so {uri!r} was not asked for; write http:// in its address"
    return f"{where} does not answer for {uri!r} ({_short(_innermost(error))}); check its address"


def _message(error: Exception) -> str:
    response: Any = getattr(error, "response", None)
    text = (
        response.get("Error", {}).get("Message")
        if isinstance(response, dict)
        else error.__dict__.get("message")
    )
    return str(text or "no reason given").rstrip(".")


def _innermost(error: Exception) -> BaseException:
    """Return what lies under a client's own wrappings, whose texts are long and name Python objects."""
    found: BaseException = error
    while isinstance(inner := getattr(found, "reason", None) or found.__cause__, BaseException):
        found = inner
    return found


def _short(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0]
    return text.rpartition(">: ")[2] or type(error).__name__
