"""`archmend serve-suggestion`."""

from __future__ import annotations

from typing import Annotated

import typer


def serve_suggestion(
    port: Annotated[int, typer.Option(min=0, max=65535, help="To listen on; Katib expects 6789.")] = 6789,
) -> None:
    """Serve the search strategies to Katib, until SIGTERM; each is an algorithm, such as archmend-random.

    Katib starts it by itself where katib-config names it (manifests/).

    Example:  archmend serve-suggestion --port 6789
    """
    import logging

    from archmend.kubeflow.suggestion import serve

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve(port)
