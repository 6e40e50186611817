"""The two clients of an object store: MinIO's for objects, Amazon's for what that one lacks.

MinIO's public interface has no conditional write and cannot take up a multipart upload that another
process began; boto3 does these two. Neither retries: that is done in one place, in `requests`.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from archmend.errors import BadInput, MissingExtra
from archmend.storage.connection import Connection

_CONNECT_SECONDS = 5
_READ_SECONDS = 60
_DEFAULT_REGION = "us-east-1"


def minio_client(connection: Connection) -> Any:
    """Return this process's `minio.Minio` for a connection. Raises MissingExtra, BadInput."""
    return _minio(connection, os.getpid())  # its sockets cannot be shared with a forked process


def amazon_client(connection: Connection) -> Any:
    """Return this process's boto3 client of S3 for a connection. Raises MissingExtra, BadInput."""
    return _amazon(connection, os.getpid())


@lru_cache(maxsize=8)
def _minio(connection: Connection, process: int) -> Any:
    try:
        import certifi
        import minio
        import urllib3
    except ImportError as error:
        raise MissingExtra("minio", "s3") from error

    address = urlsplit(connection.endpoint or "https://s3.amazonaws.com")
    pool = urllib3.PoolManager(
        maxsize=10,
        cert_reqs="CERT_REQUIRED",
        ca_certs=_ca(connection) or certifi.where(),
        timeout=urllib3.Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS),
        retries=False,
    )
    try:
        client: Any = minio.Minio(
            endpoint=address.netloc,
            secure=address.scheme == "https",
            region=_region(connection),
            http_client=pool,
            credentials=_credentials(connection),
        )
    except ValueError as error:
        raise BadInput(f"the address or region of {connection.where} cannot be used: {error}") from error
    if connection.addressing == "virtual":
        client.enable_virtual_style_endpoint()
    elif connection.addressing == "path":
        client.disable_virtual_style_endpoint()
    return client


@lru_cache(maxsize=8)
def _amazon(connection: Connection, process: int) -> Any:
    try:
        import boto3  # type: ignore[import-untyped]
        from botocore.config import Config  # type: ignore[import-untyped]
    except ImportError as error:
        raise MissingExtra("boto3", "s3") from error

    style = connection.addressing
    if style == "auto" and connection.endpoint is not None:
        style = "path"
    return boto3.session.Session().client(
        "s3",
        endpoint_url=connection.endpoint,
        aws_access_key_id=connection.key,
        aws_secret_access_key=connection.secret,
        aws_session_token=connection.token,
        region_name=_region(connection) or _DEFAULT_REGION,
        verify=_ca(connection),
        config=Config(
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
            retries={"total_max_attempts": 1, "mode": "standard"},
            s3={"addressing_style": style},
            # Stores other than Amazon's do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )


def _credentials(connection: Connection) -> Any:
    from minio.credentials.credentials import Credentials
    from minio.credentials.providers import Provider, StaticProvider

    if connection.key is not None:
        return StaticProvider(connection.key, connection.secret or "", connection.token)

    class Search(Provider):
        """Amazon's own search: profile, web identity, container, machine; renewed before they expire."""

        def __init__(self) -> None:
            self._found: Any = None

        def retrieve(self) -> Credentials:
            from botocore.exceptions import NoCredentialsError  # type: ignore[import-untyped]
            from botocore.session import Session  # type: ignore[import-untyped]

            if self._found is None:
                self._found = Session().get_credentials()
            if self._found is None:
                raise NoCredentialsError
            now = self._found.get_frozen_credentials()
            return Credentials(now.access_key, now.secret_key, now.token)

    return Search()


def _region(connection: Connection) -> str | None:
    """Return the region; at Amazon None lets the client ask for the bucket's."""
    return connection.region or (_DEFAULT_REGION if connection.endpoint else None)


def _ca(connection: Connection) -> str | None:
    if connection.ca is not None and not os.path.isfile(connection.ca):  # noqa: PTH113
        raise BadInput(f"there is no file of certificates {connection.ca!r}; correct AWS_CA_BUNDLE")
    return connection.ca
