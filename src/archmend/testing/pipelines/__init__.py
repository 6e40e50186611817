"""A Kubeflow Pipelines that behaves, without a cluster: a real HTTP server for the real client.

with FakePipelines() as fake, connected(fake.url) as server:
    run = submit(server, load_package(), {"data": "digits"})
    fake.end(run.run_id, "SUCCEEDED")
"""

from archmend.testing.pipelines.controller import Controller
from archmend.testing.pipelines.server import FakePipelines, Request
from archmend.testing.pipelines.six_fields import SixFields

__all__ = ["Controller", "FakePipelines", "Request", "SixFields"]
