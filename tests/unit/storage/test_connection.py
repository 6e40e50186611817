"""Which variables name the store and the key; nothing is asked here."""

from __future__ import annotations

import pytest

from archmend.errors import BadInput
from archmend.storage import exists, fetch
from archmend.storage.connection import Connection


def test_no_bucket() -> None:
    with pytest.raises(BadInput, match="'s3:///a' names no bucket; write s3://bucket/key"):
        fetch("s3:///a")


def test_minio_without_an_address() -> None:
    with pytest.raises(BadInput, match="minio:// needs the service's address; set MINIO_ENDPOINT"):
        fetch("minio://data/a")


@pytest.mark.parametrize(
    ("given", "absent"),
    [
        ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
        ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"),
    ],
)
def test_key_without_its_other_half(monkeypatch: pytest.MonkeyPatch, given: str, absent: str) -> None:
    monkeypatch.setenv(given, "value")
    with pytest.raises(BadInput, match=f"{given} is set but {absent} is not; set both"):
        Connection.from_environment("s3")


def test_s3_falls_back_to_the_variables_of_minio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", "minio:9000")
    monkeypatch.setenv("MINIO_ROOT_USER", "u")
    monkeypatch.setenv("MINIO_ROOT_PASSWORD", "p\n")
    monkeypatch.setenv("MINIO_REGION", "eu-north-1")
    connection = Connection.from_environment("s3")
    assert (connection.endpoint, connection.key, connection.secret) == ("http://minio:9000", "u", "p")
    assert connection.region == "eu-north-1"


def test_s3_at_amazon_does_not_take_minios_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ACCESS_KEY", "u")
    monkeypatch.setenv("MINIO_SECRET_KEY", "p")
    connection = Connection.from_environment("s3")
    assert (connection.endpoint, connection.key) == (None, None)


def test_minio_takes_its_own_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "MINIO_ENDPOINT": "https://minio:9000/",
        "MINIO_ACCESS_KEY": "u",
        "MINIO_SECRET_KEY": "p",
        "AWS_ENDPOINT_URL": "http://other",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "AWS_SESSION_TOKEN": "of the other",
    }.items():
        monkeypatch.setenv(name, value)
    minio, amazon = Connection.from_environment("minio"), Connection.from_environment("s3")
    assert (minio.endpoint, minio.key, minio.token) == ("https://minio:9000", "u", None)
    assert (amazon.endpoint, amazon.key, amazon.token) == ("http://other", "a", "of the other")


@pytest.mark.parametrize(("secure", "scheme"), [("true", "https"), ("1", "https"), ("false", "http")])
def test_tls_of_a_bare_address(monkeypatch: pytest.MonkeyPatch, secure: str, scheme: str) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", "minio:9000")
    monkeypatch.setenv("MINIO_SECURE", secure)
    assert Connection.from_environment("minio").endpoint == f"{scheme}://minio:9000"


@pytest.mark.parametrize(
    "address",
    ["ftp://minio", "http://", "http://minio:port", "http://minio/path", "http://minio?a=b", "a b:1"],
)
def test_no_address(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", address)
    with pytest.raises(BadInput, match=r"the endpoint '.*' is no address; write it like http://minio:9000"):
        exists("minio://data/a")


def test_key_in_the_address_is_refused_without_showing_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", "http://me:hush@minio:9000")
    with pytest.raises(BadInput, match="the endpoint of minio holds a key; set MINIO_ACCESS_KEY") as caught:
        Connection.from_environment("minio")
    assert "hush" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("MINIO_SECURE", "perhaps", "MINIO_SECURE must be true or false, got 'perhaps'"),
        ("ARCHMEND_S3_ADDRESSING", "pth", "unknown ARCHMEND_S3_ADDRESSING 'pth': did you mean 'path'"),
        ("AWS_CA_BUNDLE", "/no/such", "there is no file of certificates '/no/such'; correct AWS_CA_BUNDLE"),
        ("AWS_REGION", "no region!", "the address or region of http://minio:9000 cannot be used"),
    ],
)
def test_settings_that_are_none(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv("MINIO_ENDPOINT", "minio:9000")
    monkeypatch.setenv("MINIO_ACCESS_KEY", "u")
    monkeypatch.setenv("MINIO_SECRET_KEY", "p")
    monkeypatch.setenv(name, value)
    with pytest.raises(BadInput, match=sentence):
        exists("minio://data/a")
