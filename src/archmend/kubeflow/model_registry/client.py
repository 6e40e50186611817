"""The Model Registry's own client, for both versions of its API. Import it by `publishing` alone.

Release 0.3.18 of the client asks for v1 only, and servers up to 0.3.10 answer v1alpha3 only; what is asked
here is the same in both. The client's upper class, `ModelRegistry`, is not used: it sends the pod's own
service account token where none is given, and patches the running event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Self

from model_registry.core import ModelRegistryAPIClient
from model_registry.types import ListOptions, ModelArtifact, ModelVersion, RegisteredModel
from mr_openapi import (
    ApiClient,
    Configuration,
    MetadataBoolValue,
    MetadataValue,
    ModelRegistryServiceApi,
    ModelVersionUpdate,
)
from mr_openapi.exceptions import NotFoundException

__all__ = ["Client", "ListOptions", "ModelArtifact", "ModelVersion", "NotAModelRegistry", "RegisteredModel"]

_VERSIONS = ("v1", "v1alpha3")
_RETRIES = 3  # of a question; what writes is sent once
_PAGE = 100


class NotAModelRegistry(Exception):
    """What answers has no version of the API that is known here."""


class Client(ModelRegistryAPIClient):
    """Asks one server, for the time of an `async with` block, over one connection."""

    def __init__(self, address: str, token: str) -> None:
        """Ask nothing yet.

        Args:
            address: http(s)://host:port of the server.
            token: sent as a bearer token; empty sends none.
        """
        super().__init__(Configuration(host=address, access_token=token or None, retries=_RETRIES))

    async def __aenter__(self) -> Self:
        """Connect, and find out which version the server answers.

        Raises:
            NotAModelRegistry: none.
        """
        self._generated = _Versioned(self.config)
        try:
            await self._choose_version()
        except BaseException:
            await self._generated.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        """Disconnect."""
        await self._generated.close()

    async def give_flag(self, registered_model_id: str, flag: str, holder: str) -> None:
        """Make a yes-or-no property true of the version `holder`, and false of the others that have it.

        This goes by the generated types: the upper ones turn a whole double, which the server writes without
        a point, into an integer when they write it back.
        """
        api = ModelRegistryServiceApi(self._generated)
        page_size, token, found = str(_PAGE), None, []
        while True:
            page = await api.get_registered_model_versions(
                registered_model_id, page_size=page_size, next_page_token=token
            )
            found += page.items
            if not (token := page.next_page_token):
                break
        for each in found:
            told = each.custom_properties or {}
            wanted = MetadataBoolValue(bool_value=each.name == holder, metadataType="MetadataBoolValue")
            if flag in told and told[flag].actual_instance != wanted:
                changed = {**told, flag: MetadataValue(wanted)}
                await api.update_model_version(each.id, ModelVersionUpdate(customProperties=changed))

    @asynccontextmanager
    async def get_client(self) -> AsyncIterator[ModelRegistryServiceApi]:
        """Give the generated client; the upper classes make and close one for each request."""
        yield ModelRegistryServiceApi(self._generated)

    async def _choose_version(self) -> None:
        for self._generated.version in _VERSIONS:
            try:
                await self.get_registered_models(ListOptions(limit=1))
            except NotFoundException:
                continue
            return
        raise NotAModelRegistry


class _Versioned(ApiClient):
    version = _VERSIONS[0]

    def param_serialize(self, method: str, resource_path: str, *args: Any, **kwargs: Any) -> Any:
        path = resource_path.replace("/model_registry/v1/", f"/model_registry/{self.version}/", 1)
        return super().param_serialize(method, path, *args, **kwargs)
