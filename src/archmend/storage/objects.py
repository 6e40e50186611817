"""Objects in S3 or MinIO through s3fs, with every failure said in one sentence."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tenacity import (
    Retrying,
    before_sleep_log,
    retry_if_exception,
    stop_after_attempt,
    wait_random_exponential,
)

from archmend.errors import BadInput, MissingExtra, Unavailable
from archmend.storage.atomic import disk_errors
from archmend.storage.uri import bucket_and_key, scheme_of

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 3
_T = TypeVar("_T")


@dataclass(frozen=True)
class Connection:
    """Where a store is and who asks; None leaves a value to s3fs's own search (profile, role).

    Attributes:
        endpoint: URL of the service; None is Amazon's own. key, secret, token: credentials.
        region: the bucket's region.
    """

    endpoint: str | None
    key: str | None
    secret: str | None
    token: str | None
    region: str | None

    @classmethod
    def from_environment(cls, scheme: str) -> Connection:
        """Read the usual variables: MinIO's first for minio://, Amazon's first for s3://.

        Raises:
            BadInput: minio:// without an endpoint, or a key without its secret.
        """
        env = os.environ
        aws = (env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL"),)
        endpoints = [*aws, env.get("MINIO_ENDPOINT")]
        pairs = [
            ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            ("MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"),
            ("MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD"),
        ]
        if scheme == "minio":
            endpoints.reverse()
            pairs = [*pairs[1:], pairs[0]]
        else:
            pairs = pairs[:1] if aws[0] or not endpoints[-1] else pairs
        endpoint = next((e for e in endpoints if e), None)
        if scheme == "minio" and endpoint is None:
            raise BadInput("minio:// needs the service's address; set MINIO_ENDPOINT, like http://minio:9000")
        if endpoint is not None and "://" not in endpoint:
            endpoint = f"http://{endpoint}"
        key_name, secret_name = next((p for p in pairs if env.get(p[0])), pairs[0])
        key, secret = env.get(key_name) or None, env.get(secret_name) or None
        if (key is None) != (secret is None):
            given, absent = (key_name, secret_name) if key else (secret_name, key_name)
            raise BadInput(f"{given} is set but {absent} is not; set both")
        token = env.get("AWS_SESSION_TOKEN") or None
        region = env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or None
        return cls(endpoint, key, secret, token if key_name.startswith("AWS") else None, region)


@dataclass(frozen=True, slots=True)
class Stored:
    """One object or file of a listing: its URI and its size in bytes."""

    uri: str
    size: int


class ObjectStore:
    """The store that a URI's scheme and the environment name."""

    def __init__(self, uri: str) -> None:
        """Connect nothing yet: the first request does.

        Args:
            uri: an s3:// or minio:// URI; its scheme decides which variables are read.

        Raises:
            MissingExtra: s3fs is not installed. BadInput: the environment names no usable connection.
        """
        self._connection = Connection.from_environment(scheme_of(uri))
        try:
            import s3fs
        except ImportError as error:
            raise MissingExtra("s3fs", "s3") from error
        c = self._connection
        client: dict[str, Any] = {"region_name": c.region} if c.region else {}
        self._fs: Any = s3fs.S3FileSystem(
            key=c.key,
            secret=c.secret,
            token=c.token,
            endpoint_url=c.endpoint,
            client_kwargs=client,
            config_kwargs={
                "connect_timeout": 5,
                "read_timeout": 60,
                # Retries are made in one place, below.
                "retries": {"total_max_attempts": 1, "mode": "standard"},
            },
            skip_instance_cache=True,
            use_listings_cache=False,
        )
        self._fs.retries = 1

    def exists(self, uri: str) -> bool:
        """Say whether an object or a prefix of this name exists."""
        path = self._path(uri)
        return self._ask(uri, lambda: bool(self._fs.exists(path)))

    def download(self, uri: str, folder: Path) -> Path:
        """Copy the object, or every object below the prefix, into `folder`; return its local path.

        Raises:
            BadInput: nothing has this name. Unavailable: the store does not answer, refuses, or what
                arrived is not as long as what the store announced.
        """
        path = self._path(uri)
        sizes = self._ask(uri, lambda: self._sizes(path))
        if not sizes:
            bucket, _ = bucket_and_key(uri)
            what = "object" if self._ask(uri, lambda: self._fs.exists(bucket)) else "bucket"
            name = repr(uri) if what == "object" else f"{bucket!r} (of {uri!r})"
            raise BadInput(f"there is no {what} {name}; check the name and the service it lies in")
        root = folder / path.rsplit("/", 1)[-1]
        for name, size in sizes.items():
            if ".." in name.split("/"):  # a key is any text; it must not lead out of the folder
                raise BadInput(f"{uri!r} holds the object {name!r}, which is no file name; rename it")
            target = root if name == path else root / name.removeprefix(f"{path}/")
            with disk_errors(target):
                target.parent.mkdir(parents=True, exist_ok=True)
                self._ask(uri, lambda name=name, target=target: self._fs.get_file(name, str(target)))  # type: ignore[misc]
                if target.stat().st_size != size:
                    raise Unavailable(
                        f"{uri!r} arrived with {target.stat().st_size} of {size} bytes; try again"
                    )
        return root

    def upload(self, source: Path, uri: str) -> None:
        """Copy a file, or every file below a folder, to `uri`.

        Raises:
            BadInput: the bucket does not exist. Unavailable: the store does not answer or refuses.
        """
        path = self._path(uri)
        files = [source] if source.is_file() else sorted(p for p in source.rglob("*") if p.is_file())
        for file in files:
            name = path if file == source else f"{path}/{file.relative_to(source).as_posix()}"
            self._ask(uri, lambda file=file, name=name: self._fs.put_file(str(file), name))  # type: ignore[misc]

    def read(self, uri: str) -> bytes:
        """Return an object's content.

        Raises:
            BadInput: it does not exist. Unavailable: the store does not answer or refuses.
        """
        return bytes(self._ask(uri, lambda: self._fs.cat_file(self._path(uri))))

    def write(self, uri: str, data: bytes) -> None:
        """Write an object, whether or not there is one.

        Raises:
            BadInput: the bucket does not exist. Unavailable: the store does not answer or refuses.
        """
        self._ask(uri, lambda: self._fs.pipe_file(self._path(uri), data))

    def listing(self, uri: str) -> list[Stored]:
        """Return every object below a prefix, by name; none where nothing lies there.

        Raises:
            Unavailable: the store does not answer or refuses.
        """
        scheme = scheme_of(uri)
        sizes = self._ask(uri, lambda: self._sizes(self._path(uri)))
        return [Stored(f"{scheme}://{name}", size) for name, size in sizes.items()]

    def _path(self, uri: str) -> str:
        return "/".join(part for part in bucket_and_key(uri) if part)

    def _sizes(self, path: str) -> dict[str, int]:
        """Return the size of each object that `path` names: itself, or all below it; none if nothing is."""
        try:
            found: dict[str, Any] = self._fs.find(path, detail=True)
        except FileNotFoundError:  # the bucket is not there either
            return {}
        return {n: int(i["size"]) for n, i in sorted(found.items()) if not n.endswith("/")}

    def _ask(self, uri: str, call: Callable[[], _T]) -> _T:
        """Make a request, again after a passing failure, and translate what remains."""
        again = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception(_is_passing),
            before_sleep=before_sleep_log(_LOG, logging.WARNING),
            reraise=True,
        )
        with _store_errors(uri, self._connection):
            return again(call)


def _is_passing(error: BaseException) -> bool:
    """Say whether the same request may succeed a moment later."""
    import errno

    from botocore.exceptions import ConnectionError as Refused  # type: ignore[import-untyped]
    from botocore.exceptions import HTTPClientError

    busy = (errno.EBUSY, getattr(errno, "EREMOTEIO", errno.EIO))
    return isinstance(error, Refused | HTTPClientError | TimeoutError | ConnectionError) or (
        isinstance(error, OSError) and error.errno in busy
    )


@contextmanager
def _store_errors(uri: str, connection: Connection) -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, NoCredentialsError

    where = connection.endpoint or "Amazon S3"
    try:
        yield
    except FileNotFoundError as error:
        bucket, _ = bucket_and_key(uri)
        raise BadInput(f"{uri!r} does not exist, or its bucket {bucket!r} does not; check both") from error
    except NoCredentialsError as error:
        raise Unavailable(
            f"{where} needs a key for {uri!r}; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from error
    except PermissionError as error:
        raise Unavailable(f"{where} refused access to {uri!r} ({error}); check the key") from error
    except (BotoCoreError, TimeoutError, ConnectionError) as error:
        raise Unavailable(f"{where} does not answer for {uri!r} ({error}); check the address") from error
    except OSError as error:
        if error.filename is not None:
            raise
        raise Unavailable(f"{where} failed for {uri!r} ({error}); try again later") from error
