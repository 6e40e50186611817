"""Where an object store is and who asks: read once from the environment, secrets never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args
from urllib.parse import urlsplit

from archmend.errors import BadInput, unknown_name

Addressing = Literal["auto", "path", "virtual"]
_SWITCH = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_HOST = re.compile(r"[A-Za-z0-9._-]+(:\d+)?|\[[0-9a-fA-F:]+\](:\d+)?")
_AMAZON = [("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
_MINIO = [("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"), ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD")]


@dataclass(frozen=True)
class Connection:
    """A store's address and credentials; None leaves a value to Amazon's own search (profile, role).

    Attributes:
        endpoint: URL of the service, without a path; None is Amazon's own.
        key, secret, token: credentials; the token belongs to temporary ones.
        region: the bucket's region.
        addressing: whether the bucket is a part of the path or of the host's name; `auto` is the path,
            at Amazon the host.
        ca: file of the certificates that are trusted; None is the system's or certifi's.
    """

    endpoint: str | None
    key: str | None
    secret: str | None = field(repr=False)
    token: str | None = field(default=None, repr=False)
    region: str | None = None
    addressing: Addressing = "auto"
    ca: str | None = None

    @property
    def where(self) -> str:
        """Name the service in a sentence."""
        return self.endpoint or "Amazon S3"

    @classmethod
    def from_environment(cls, scheme: str) -> Connection:
        """Read the usual variables: MinIO's first for minio://, Amazon's first for s3://.

        Raises:
            BadInput: minio:// without an endpoint, an endpoint that is no address, a key without its
                secret, or a setting that is none of its values.
        """
        env = os.environ
        aws = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL")
        minio = env.get("MINIO_ENDPOINT")
        if scheme == "minio":
            endpoint, pairs = minio or aws, [*_MINIO, *_AMAZON]
        else:
            # MinIO's keys are never sent to Amazon.
            endpoint, pairs = aws or minio, _AMAZON if aws or not minio else [*_AMAZON, *_MINIO]
        if scheme == "minio" and not endpoint:
            raise BadInput("minio:// needs the service's address; set MINIO_ENDPOINT, like http://minio:9000")
        names = next((pair for pair in pairs if env.get(pair[0])), pairs[0])
        key, secret = _key(env, *names)
        return cls(
            endpoint=_address(env, endpoint) if endpoint else None,
            key=key,
            secret=secret,
            token=(env.get("AWS_SESSION_TOKEN") or None) if names in _AMAZON else _minio_token(env),
            region=_region(env, scheme),
            addressing=_addressing(env),
            ca=env.get("AWS_CA_BUNDLE") or env.get("SSL_CERT_FILE") or None,
        )


def _key(env: Mapping[str, str], key_name: str, secret_name: str) -> tuple[str | None, str | None]:
    # A Secret that was written by `echo` ends in a line feed, which no key does.
    key, secret = (env.get(name, "").strip() or None for name in (key_name, secret_name))
    if (key is None) != (secret is None):
        given, absent = (key_name, secret_name) if key else (secret_name, key_name)
        raise BadInput(f"{given} is set but {absent} is not; set both")
    return key, secret


def _minio_token(env: Mapping[str, str]) -> str | None:
    return env.get("MINIO_SESSION_TOKEN") or None


def _region(env: Mapping[str, str], scheme: str) -> str | None:
    names = ["AWS_REGION", "AWS_DEFAULT_REGION"]
    names = ["MINIO_REGION", *names] if scheme == "minio" else [*names, "MINIO_REGION"]
    return next((env[name].strip() for name in names if env.get(name)), None)


def _addressing(env: Mapping[str, str]) -> Addressing:
    text = env.get("ARCHMEND_S3_ADDRESSING") or "auto"
    if text not in get_args(Addressing):
        raise unknown_name("ARCHMEND_S3_ADDRESSING", text, get_args(Addressing))
    return cast(Addressing, text)


def _address(env: Mapping[str, str], text: str) -> str:
    """Return the endpoint as a URL: without a scheme, MINIO_SECURE says whether it speaks TLS."""
    text = text.strip()
    if "://" not in text:
        switch = (env.get("MINIO_SECURE") or "false").lower()
        if switch not in _SWITCH:
            raise BadInput(f"MINIO_SECURE must be true or false, got {switch!r}")
        text = f"{'https' if _SWITCH[switch] else 'http'}://{text}"
    parts = urlsplit(text)
    if parts.username or parts.password:
        raise BadInput(
            f"the endpoint of {parts.hostname} holds a key; set MINIO_ACCESS_KEY and so on instead"
        )
    try:
        wrong = parts.scheme not in ("http", "https") or not _HOST.fullmatch(parts.netloc) or parts.port == 0
    except ValueError:  # of a port that is no number
        wrong = True
    if wrong or parts.path not in ("", "/") or parts.query or parts.fragment:
        raise BadInput(f"the endpoint {text!r} is no address; write it like http://minio:9000")
    return f"{parts.scheme}://{parts.netloc}"
