"""The addresses of the user interface's pages."""

from __future__ import annotations

from urllib.parse import urlsplit

API_PORT = 8888
LOCAL_UI = "http://localhost:8080"


class Links:
    """Where the pages of runs and schedules are.

    The host of the API is most often the user interface's as well, which passes requests on. The API server
    itself shows no pages: then the links are those of a port-forward, and `hint` says how to make it.
    """

    def __init__(self, ui: str, host: str, *, forwarded: bool, namespace: str) -> None:
        """Take the user interface's address if one is known, else the API's."""
        direct = forwarded or urlsplit(host).port == API_PORT
        self.base = (ui or (LOCAL_UI if direct else host)).rstrip("/")
        self.hint = (
            f"kubectl port-forward -n {namespace} service/ml-pipeline-ui 8080:80"
            if direct and not ui
            else None
        )

    def run(self, run_id: str) -> str:
        """Return the address of a run's page."""
        return f"{self.base}/#/runs/details/{run_id}"

    def schedule(self, recurring_run_id: str) -> str:
        """Return the address of a recurring run's page."""
        return f"{self.base}/#/recurringrun/details/{recurring_run_id}"

    def version(self, pipeline_id: str, version_id: str) -> str:
        """Return the address of the page that shows a version's graph."""
        return f"{self.base}/#/pipelines/details/{pipeline_id}/version/{version_id}"
