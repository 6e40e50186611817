"""Makes the Model Registry's entries for a version: whatever is missing of them, and nothing twice."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from archmend.errors import BadInput, MissingExtra
from archmend.kubeflow.model_registry.described import CHAMPION, DIGEST, MODEL, properties
from archmend.kubeflow.runs.credentials import token_source
from archmend.registry import Version

if TYPE_CHECKING:
    from archmend.kubeflow.model_registry.client import Client

_SECONDS = 120.0


class ModelRegistry:
    """A Kubeflow Model Registry. It is told where a model lies and where it comes from, and holds no file."""

    def __init__(self, address: str, *, token_file: Path | None = None) -> None:
        """Check what can be checked without asking the server.

        Args:
            address: http(s)://host:port of its REST API.
            token_file: holds the token to send; none is sent without it.

        Raises:
            BadInput: no such address, or the file cannot be read. MissingExtra: its client is not installed.
        """
        self.address = _checked(address)
        source = token_source(token_file=token_file) if token_file else None
        self._token = source() if source else ""
        _client_module()

    def publish(self, version: Version, *, champion: int | None, author: str = "") -> None:
        """Register a version there, complete what was begun, and say of all versions which is champion.

        Doing it again changes nothing.

        Args:
            version: of our registry.
            champion: number of the model's champion in it.
            author: who made the model.

        Raises:
            BadInput: it has another version under this number. Unavailable: it does not answer, or refuses.
        """
        from archmend.kubeflow.model_registry.failures import explained

        # A thread of its own: the caller may be a notebook, whose thread runs an event loop already.
        with ThreadPoolExecutor(1) as thread:
            try:
                thread.submit(asyncio.run, self._publish(version, champion, author)).result()
            except Exception as error:
                said = error if isinstance(error, BadInput) else explained(error, self.address)
                if said is None:
                    raise
                sentence = f"version {version.version} of {version.name} is in {version.registry}, but {said}"
                if isinstance(said, BadInput):
                    raise BadInput(sentence) from error
                raise type(said)(f"{sentence}; registering it again goes on from there") from error

    async def _publish(self, version: Version, champion: int | None, author: str) -> None:
        async with asyncio.timeout(_SECONDS), _client_module().Client(self.address, self._token) as client:
            model_id = await _model(client, version, author)
            version_id = await self._version(client, model_id, version, champion, author)
            await _artifact(client, version_id, version)
            await client.give_flag(model_id, CHAMPION, str(champion))

    async def _version(
        self, client: Client, model_id: str, version: Version, champion: int | None, author: str
    ) -> str:
        name = str(version.version)
        told = properties(version, champion=version.version == champion)

        async def found() -> Any:
            return await client.get_model_version_by_params(model_id, name)

        new = _client_module().ModelVersion(
            name=name, author=author or None, description=version.reason, custom_properties=told
        )
        there = await _found_or_made(found, lambda: client.upsert_model_version(new, model_id))
        digest = (there.custom_properties or {}).get(DIGEST)
        if digest != told[DIGEST]:
            raise BadInput(
                f"the Model Registry at {self.address} has another one under that number "
                f"({DIGEST} {str(digest)[:12]}, not {str(told[DIGEST])[:12]}); use another name there"
            )
        return str(there.id)


async def _model(client: Client, version: Version, author: str) -> str:
    new = _client_module().RegisteredModel(name=version.name, owner=author or None)

    async def found() -> Any:
        return await client.get_registered_model_by_params(version.name)

    there = await _found_or_made(found, lambda: client.upsert_registered_model(new))
    return str(there.id)


async def _artifact(client: Client, version_id: str, version: Version) -> None:
    """Say where the model lies, under the name by which the client's `get_model_artifact` asks for it."""
    new = _client_module().ModelArtifact(
        name=version.name,
        uri=version.uri(MODEL),
        model_format_name="keras",
        model_format_version=version.lineage.packages.get("keras", "3"),
    )

    async def found() -> Any:
        return await client.get_model_artifact_by_params(version.name, version_id)

    there = await _found_or_made(found, lambda: client.upsert_model_version_artifact(new, version_id))
    if there.uri != new.uri:  # the registry was moved
        await client.upsert_model_artifact(there.model_copy(update={"uri": new.uri}))


async def _found_or_made(find: Any, make: Any) -> Any:
    """Return what is there, else make it; who loses a race for the name takes what the winner made."""
    from mr_openapi.exceptions import ConflictException

    if there := await find():
        return there
    try:
        return await make()
    except ConflictException:
        if there := await find():
            return there
        raise


def _checked(address: str) -> str:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and parts.hostname and (parts.port or True)
    except ValueError:
        usable = False
    if not usable or parts.username or parts.query or parts.fragment:
        raise BadInput(
            f"the Model Registry's address {address!r} cannot be used; write http(s)://host:port, like "
            "http://model-registry-service.kubeflow.svc:8080"
        )
    return address.rstrip("/")


def _client_module() -> ModuleType:
    # Importing the client gives the root logger a handler, which is for a program to decide, not a library.
    handlers = list(logging.root.handlers)
    try:
        from archmend.kubeflow.model_registry import client
    except ModuleNotFoundError as error:
        raise MissingExtra("model-registry", "registry") from error
    finally:
        logging.root.handlers[:] = handlers
    return client
