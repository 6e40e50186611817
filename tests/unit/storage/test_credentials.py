"""Every way to a key and to a server, used against a real MinIO."""

from __future__ import annotations

import datetime
import ipaddress
import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.minio_server import Server, running

from archmend.errors import Unavailable
from archmend.storage import create_bytes, read_bytes, write_bytes


def check_all_clients(uri: str) -> None:
    write_bytes(uri, b"value")
    assert read_bytes(uri) == b"value"
    assert create_bytes(f"{uri}-new", b"value")


@pytest.fixture
def temporary(minio: Server, bucket: str) -> dict[str, str]:
    """Credentials that MinIO gives out for an hour, as Amazon's token service does."""
    import boto3

    service = boto3.client(
        "sts",
        endpoint_url=minio.endpoint,
        aws_access_key_id=minio.key,
        aws_secret_access_key=minio.secret,
        region_name="us-east-1",
    )
    policy = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": ["s3:*"], "Resource": [f"arn:aws:s3:::{bucket}*"]}],
    }
    given: dict[str, str] = service.assume_role(
        RoleArn="arn:xxx:xxx:xxx:xxxx", RoleSessionName="archmend", Policy=json.dumps(policy)
    )["Credentials"]
    return given


def test_temporary_key_of_minio(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, temporary: dict[str, str]
) -> None:
    monkeypatch.setenv("MINIO_ACCESS_KEY", temporary["AccessKeyId"])
    monkeypatch.setenv("MINIO_SECRET_KEY", temporary["SecretAccessKey"])
    with pytest.raises(Unavailable, match="refused access"):
        read_bytes(f"minio://{bucket}/a")
    monkeypatch.setenv("MINIO_SESSION_TOKEN", temporary["SessionToken"])
    check_all_clients(f"minio://{bucket}/a")
    other = minio.new_bucket()
    with pytest.raises(
        Unavailable, match=r"refused access to '.*' \(AccessDenied\); check the key and what it"
    ):
        write_bytes(f"minio://{other}/a", b"")


def test_temporary_key_of_amazon(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, temporary: dict[str, str]
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", minio.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", temporary["AccessKeyId"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", temporary["SecretAccessKey"])
    monkeypatch.setenv("AWS_SESSION_TOKEN", temporary["SessionToken"])
    check_all_clients(f"s3://{bucket}/a")


def test_profile(bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text(f"[lab]\naws_access_key_id = {minio.key}\naws_secret_access_key = {minio.secret}\n")
    for name in minio.variables():
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    monkeypatch.setenv("AWS_ENDPOINT_URL", minio.endpoint)
    monkeypatch.setenv("AWS_REGION", "of-a-profile-1")  # this server takes any
    check_all_clients(f"s3://{bucket}/a")


@pytest.fixture
def role(temporary: dict[str, str]) -> Iterator[Callable[[], str]]:
    """A container's service of credentials, as Amazon's agents on a node are; gives its address."""
    asked = []

    class Agent(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            expires: Any = temporary["Expiration"]
            body = json.dumps(
                {
                    "AccessKeyId": temporary["AccessKeyId"],
                    "SecretAccessKey": temporary["SecretAccessKey"],
                    "Token": temporary["SessionToken"],
                    "Expiration": expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
                }
            ).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Agent) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield lambda: f"http://127.0.0.1:{server.server_port}/credentials"
        server.shutdown()
    assert asked


def test_role_of_a_container(
    bucket: str, minio: Server, monkeypatch: pytest.MonkeyPatch, role: Callable[[], str]
) -> None:
    for name in minio.variables():
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", role())
    monkeypatch.setenv("AWS_ENDPOINT_URL", minio.endpoint)
    monkeypatch.setenv("AWS_REGION", "of-a-role-1")
    check_all_clients(f"s3://{bucket}/a")


def _certificate(folder: Path) -> Path:
    """Write a certificate of 127.0.0.1 that signs itself, where a server looks for it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "archmend-tests")])
    now = datetime.datetime.now(datetime.UTC)
    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    folder.mkdir(parents=True)
    (folder / "public.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "private.key").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "public.crt"


def test_tls_with_an_authority_of_ones_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = _certificate(tmp_path / "certs")
    with running(tmp_path, tls=True) as server:
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        for ask in (read_bytes, lambda uri: create_bytes(uri, b"")):
            with pytest.raises(Unavailable, match=r"a certificate that is not trusted.* set AWS_CA_BUNDLE"):
                ask("minio://bucket/a")
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://{server.host}")
        for ask in (read_bytes, lambda uri: create_bytes(uri, b"")):
            with pytest.raises(Unavailable, match=r"check its (port|address)"):
                ask("minio://bucket/a")
        monkeypatch.setenv("MINIO_ENDPOINT", server.host)
        monkeypatch.setenv("MINIO_SECURE", "true")
        monkeypatch.setenv("AWS_CA_BUNDLE", str(authority))
        with pytest.raises(Unavailable, match="there is no bucket 'bucket'"):
            write_bytes("minio://bucket/a", b"value")


def test_bucket_in_the_hosts_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server with a domain; its names lead here without a name server."""
    find = socket.getaddrinfo
    found = []

    def here(host: Any, *arguments: Any, **keywords: Any) -> Any:
        found.append(host)
        return find("127.0.0.1" if str(host).endswith("store.test") else host, *arguments, **keywords)

    with running(tmp_path, settings={"MINIO_DOMAIN": "store.test"}) as server:
        bucket = server.new_bucket()
        for name, value in server.variables().items():
            monkeypatch.setenv(name, value)
        port = server.host.rpartition(":")[2]
        monkeypatch.setenv("MINIO_ENDPOINT", f"http://store.test:{port}")
        monkeypatch.setattr(socket, "getaddrinfo", here)
        check_all_clients(f"minio://{bucket}/by-path")
        assert set(found) == {"store.test"}
        found.clear()
        monkeypatch.setenv("ARCHMEND_S3_ADDRESSING", "virtual")
        check_all_clients(f"minio://{bucket}/by-host")
        assert set(found) == {f"{bucket}.store.test"}
