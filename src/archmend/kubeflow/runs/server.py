"""The API of Kubeflow Pipelines, by its generated client, with each failure said in one sentence.

`kfp.Client` is not used for the requests: making one prints, asks a server that is away for half a minute,
and writes into the home directory. The generated client below it does none of this.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random_exponential

from archmend.errors import BadInput, MissingExtra
from archmend.kubeflow.runs.credentials import TokenSource
from archmend.kubeflow.runs.failures import explained, foreign, is_passing
from archmend.kubeflow.runs.links import Links

_TIMEOUT = (5, 60)
_PAGE = 100
_T = TypeVar("_T")


class Server:
    """One Kubeflow Pipelines, and the namespace in it that is meant.

    Attributes:
        where: its address, for messages. links: of the user interface.
        namespace: that requests name; empty where there are no profiles.
        time_zone: asks for the zone of the controller's clock; None where that cannot be seen.
        pipelines, uploads, runs, recurring, experiments: the generated APIs, for `ask`.
    """

    def __init__(
        self,
        host: str,
        links: Links,
        *,
        token: TokenSource | None = None,
        where: str = "",
        time_zone: Callable[[], str | None] = lambda: None,
    ) -> None:
        """Prepare to ask; `greet` is the first request.

        Raises:
            MissingExtra: kfp is not installed.
        """
        try:
            import kfp_server_api as api
            import urllib3
        except ModuleNotFoundError as error:
            raise MissingExtra("kfp", "kubeflow") from error
        settings = api.Configuration(host=host)
        # What may be asked again is asked again here; and a redirect leads to a login page, not to an answer.
        settings.retries = urllib3.Retry(total=0)
        settings.ssl_ca_cert = os.environ.get("SSL_CERT_FILE")
        if token is not None:
            settings.api_key_prefix["authorization"] = "Bearer"
            settings.api_key["authorization"] = token()
            settings.refresh_api_key_hook = lambda config: config.api_key.update(authorization=token())
        self._client = api.ApiClient(settings)
        self.where = where or host
        self.links = links
        self.namespace = ""
        # One for all schedules, so it is asked for once.
        self.time_zone = functools.cache(time_zone)
        self._health = api.HealthzServiceApi(self._client)
        self.pipelines = api.PipelineServiceApi(self._client)
        self.uploads = api.PipelineUploadServiceApi(self._client)
        self.runs = api.RunServiceApi(self._client)
        self.recurring = api.RecurringRunServiceApi(self._client)
        self.experiments = api.ExperimentServiceApi(self._client)

    def greet(self, namespace: str, own: str, installed: str) -> None:
        """Ask whether this is Kubeflow Pipelines, and take the namespace to work in.

        Args:
            namespace: that was asked for; may be empty.
            own: of the pod this runs in; may be empty.
            installed: where Kubeflow Pipelines is.

        Raises:
            BadInput: profiles, but none named; or one named where there are none.
            Unavailable: it does not answer, or something else does.
        """
        found = self.ask("say what it is", self._health.healthz_service_get_healthz)
        if found.multi_user:
            self.namespace = namespace or own
            if not self.namespace:
                raise BadInput(
                    f"{self.where} serves many profiles and none is named; say whose with --namespace"
                )
        elif namespace not in ("", own, installed):
            raise BadInput(
                f"{self.where} has no profiles, so --namespace {namespace} cannot be used; leave it out"
            )

    def ask(
        self, what: str, call: Callable[..., _T], *values: Any, patience: float = 0.0, **named: Any
    ) -> _T:
        """Make one request and return what came back.

        Args:
            what: is to be done, for messages.
            call: of the generated client.
            values: its arguments.
            patience: seconds for which it is repeated while the server is away; only for what may be.
            named: its arguments; empty ones are left out.

        Raises:
            AbsentError, TakenError, BadInput, Unavailable: see `failures`.
        """
        given = {name: value for name, value in named.items() if value not in (None, "")}
        again = Retrying(
            stop=stop_after_delay(patience),
            wait=wait_random_exponential(multiplier=0.2, max=10),
            retry=retry_if_exception(is_passing),
            reraise=True,
        )
        try:
            answer = again(call, *values, _request_timeout=_TIMEOUT, **given)
        except Exception as error:
            raise explained(what, self.where, error) from error
        # Out of a page of HTML the generated client makes an object without anything in it.
        if "json" not in (self._header("Content-Type") or ""):
            raise foreign(what, self.where)
        return answer

    def every(
        self, what: str, call: Callable[..., Any], field: str, *values: Any, **named: Any
    ) -> Iterator[Any]:
        """Yield the objects of a listing, page after page."""
        token = ""
        while True:
            page = self.ask(what, call, *values, page_size=_PAGE, page_token=token, **named)
            yield from getattr(page, field) or ()
            token = page.next_page_token or ""
            if not token:
                return

    def now(self) -> datetime:
        """Return the server's time at its last answer, to the second; this machine's may differ."""
        date = self._header("Date")
        return parsedate_to_datetime(date) if date else datetime.now(UTC).replace(microsecond=0)

    def _header(self, name: str) -> str | None:
        found: str | None = self._client.last_response.urllib3_response.headers.get(name)
        return found

    def log(self, run_id: str, node: str) -> str:
        """Return what a pod of a run has printed; empty where that cannot be had any more."""
        try:
            answer = self._client.call_api(
                "/apis/v1alpha1/runs/{run}/nodes/{node}/log",
                "GET",
                {"run": run_id, "node": node},
                auth_settings=["Bearer"],
                _preload_content=False,
                _return_http_data_only=True,
                _request_timeout=_TIMEOUT,
            )
            return str(answer.data.decode(errors="replace"))
        except Exception:  # a courtesy: without it the failure is still told
            return ""

    def experiment(self, name: str) -> str:
        """Return the id of an experiment, which groups runs in the user interface; make it if it is new.

        Raises:
            ArchmendError: see `ask`.
        """
        if found := self.find_experiment(name):
            return found
        import kfp_server_api as api

        made = self.ask(
            f"make the experiment {name}",
            self.experiments.experiment_service_create_experiment,
            api.V2beta1Experiment(display_name=name, namespace=self.namespace or None),
        )
        return str(made.experiment_id)

    def find_experiment(self, name: str) -> str | None:
        """Return the id of an experiment, None where there is none.

        Raises:
            ArchmendError: see `ask`.
        """
        listed = self.every(
            f"look for the experiment {name}",
            self.experiments.experiment_service_list_experiments,
            "experiments",
            namespace=self.namespace,
            filter=equals(display_name=name),
        )
        return next((str(each.experiment_id) for each in listed if each.display_name == name), None)


def equals(**fields: str) -> str:
    """Return a listing's filter for objects with these values."""
    import json

    predicates: list[Mapping[str, str]] = [
        {"operation": "EQUALS", "key": key, "string_value": value} for key, value in fields.items()
    ]
    return json.dumps({"predicates": predicates})
