"""Makes the buckets that BUCKETS names and versions those of VERSIONED_BUCKETS; what is there stays.

Runs in the bucket Job, with the keys of its environment; the Job repeats it until the store answers.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from urllib.parse import urlsplit


def make_buckets(environment: Mapping[str, str]) -> None:
    """Make and version what the environment asks for."""
    from minio import Minio
    from minio.commonconfig import ENABLED
    from minio.versioningconfig import VersioningConfig

    address = urlsplit(environment["MINIO_ENDPOINT"])
    client = Minio(
        endpoint=address.netloc,
        access_key=environment["MINIO_ACCESS_KEY"],
        secret_key=environment["MINIO_SECRET_KEY"],
        region=environment.get("MINIO_REGION", "us-east-1"),
        secure=address.scheme == "https",
    )
    versioned = environment["VERSIONED_BUCKETS"].split()
    for bucket in environment["BUCKETS"].split():
        if client.bucket_exists(bucket_name=bucket):
            print(f"{bucket}: there already")
        else:
            client.make_bucket(bucket_name=bucket)
            print(f"{bucket}: made")
        if bucket in versioned and client.get_bucket_versioning(bucket_name=bucket).status != ENABLED:
            client.set_bucket_versioning(bucket_name=bucket, config=VersioningConfig(ENABLED))
            print(f"{bucket}: versioned")


if __name__ == "__main__":
    try:
        make_buckets(os.environ)
    except Exception as error:  # the store's, the network's: one line for the Job's log, without the keys
        sys.exit(f"{os.environ.get('MINIO_ENDPOINT')}: {type(error).__name__}: {error}")
