"""Requests to a store: asked again after a passing failure, and what remains said in one sentence."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from archmend.storage.connection import Connection
from archmend.storage.failures import code_of, is_passing
from archmend.storage.sentences import store_errors

_LOG = logging.getLogger(__name__)
_ATTEMPTS = 4
_T = TypeVar("_T")


@dataclass(frozen=True)
class Requests:
    """How a store on a connection is asked.

    Attributes:
        connection: named in what is said of a failure.
    """

    connection: Connection

    def __call__(self, uri: str, call: Callable[[], _T]) -> _T:
        """Return what `call` does about `uri`, called again where that may help.

        Raises:
            BadInput, Unavailable: as `store_errors` says.
        """
        again = Retrying(
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            retry=retry_if_exception(is_passing),
            before_sleep=lambda state: self._log(uri, state),
            reraise=True,
        )
        with store_errors(uri, self.connection):
            return again(call)

    def _log(self, uri: str, state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        # Neither a request's headers nor the rest of an answer: they may hold what is nobody's business.
        reason = (error and code_of(error)) or type(error).__name__
        _LOG.info("%s: %s for %r; asking again", self.connection.where, reason, uri)
