"""`archmend serve-suggestion`."""

from __future__ import annotations

from typing import Annotated

import typer


def serve_suggestion(
    port: Annotated[int, typer.Option(help="To listen on; Katib expects 6789, 0 takes a free one.")] = 6789,
) -> None:
    """Serve the search strategies to Katib, until SIGTERM; each is an algorithm, such as archmend-random.

    Katib starts it by itself where katib-config names it (manifests/).

    Example:  archmend serve-suggestion --port 6789
    """
    import logging

    from archmend.errors import BadInput
    from archmend.kubeflow.suggestion import serve

    if not 0 <= port <= 65535:
        raise BadInput(f"--port must be 0 to 65535, got {port}")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    serve(port)
