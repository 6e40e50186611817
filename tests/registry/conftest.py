"""The places of the unit tests, in which processes meet."""

from tests.unit.registry.conftest import bucket, minio, place

__all__ = ["bucket", "minio", "place"]
