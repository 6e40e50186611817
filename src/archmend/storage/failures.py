"""What kind of failure a client reports: which of them pass, and what the store itself says."""

from __future__ import annotations

from typing import Any

from archmend.errors import BadInput

_MISSING = {"NoSuchKey", "NoSuchVersion", "NotFound", "404"}
_FULL = {
    "XMinioAdminBucketQuotaExceeded",
    "XMinioStorageFull",
    "QuotaExceeded",
    "InsufficientStorage",
    "InsufficientCapacity",
}
_PASSING = {
    "ConditionalRequestConflict",
    "InternalError",
    "OperationAborted",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "SlowDownRead",
    "SlowDownWrite",
    "XMinioServerNotInitialized",
    "503",
}


class AbsentError(BadInput):
    """There is no object of this name."""


class DamagedError(Exception):
    """What arrived is not what was stored."""


class NotAStoreError(Exception):
    """What answered does not speak S3."""


def genuine(etag: str | None) -> str:
    """Return the ETag of an answer, which any web server's page may lack and no store's answer does.

    Raises:
        NotAStoreError: there is none.
    """
    if not etag:
        raise NotAStoreError("no ETag")
    return etag


def code_of(error: BaseException) -> str | None:
    """Return the S3 code that a client's error carries; None if the service said none."""
    from botocore.exceptions import ClientError  # type: ignore[import-untyped]
    from minio.error import S3Error

    if isinstance(error, ClientError):
        return str(error.response.get("Error", {}).get("Code", ""))
    return error.code or "" if isinstance(error, S3Error) else None


def is_missing(error: BaseException) -> bool:
    """Say whether the service answered that there is no such object."""
    return code_of(error) in _MISSING


def is_full(error: BaseException | None) -> bool:
    """Say whether the service answered that it takes no more."""
    return error is not None and (code_of(error) in _FULL or status_of(error) == 507)


def is_passing(error: BaseException) -> bool:
    """Say whether the same request may succeed a moment later."""
    if isinstance(error, DamagedError):
        return True
    if is_silent(error):
        return "CERTIFICATE_VERIFY_FAILED" not in str(error) and "WRONG_VERSION_NUMBER" not in str(error)
    code, status = code_of(error), status_of(error)
    if is_full(error) or status == 501:
        return False
    return code in _PASSING or status == 429 or status >= 500


def is_silent(error: BaseException) -> bool:
    """Say whether there was no answer at all, or not a whole one."""
    from botocore.exceptions import ConnectionError as NotConnected
    from botocore.exceptions import HTTPClientError
    from urllib3.exceptions import HTTPError

    return isinstance(error, HTTPError | NotConnected | HTTPClientError | TimeoutError | ConnectionError)


def status_of(error: BaseException) -> int:
    """Return the HTTP status that came with an error; 0 if none did."""
    response: Any = getattr(error, "response", None)
    if isinstance(response, dict):
        return int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    for value in (
        getattr(response, "status", 0),
        getattr(error, "status_code", 0),
        getattr(error, "_code", 0),
    ):
        if isinstance(value, int) and value:
            return value
    return 0
