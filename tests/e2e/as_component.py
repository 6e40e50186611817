"""Does each thing that the search component asks of the cluster, and prints which were refused.

python -m tests.e2e.as_component NAMESPACE EXPERIMENT POD: the account is that of KUBECONFIG.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from itertools import islice

from tests.e2e.pending import pending

from archmend.errors import ArchmendError
from archmend.kubeflow.katib.client import KatibClient
from archmend.kubeflow.katib.names import OURS


def main() -> None:
    namespace, run, pod = sys.argv[1:]
    client = KatibClient(namespace)
    experiment = pending(run)
    name = experiment.metadata.name
    questions: dict[str, Callable[[], object]] = {
        "create experiments": lambda: client.create(experiment),
        "get experiments": lambda: client.experiment(name),
        "list experiments": lambda: client.experiments(OURS),
        "list trials": lambda: client.list_trials(name),
        "watch trials": lambda: list(islice(client.watch_trials(name, "0", 2), 1)),
        "list workflows": lambda: client.workflow(run),
        "list pods": lambda: client.pods(f"{name}-0"),
        "get pods/log": lambda: _some(client.log(pod, "say", 1)),
        "list events": lambda: client.events("Experiment", name),
        # With a trial that has not ended: patch experiments, patch experiments/status, delete trials.
        "stop": lambda: client.stop(name, "it is a test"),
        "delete experiments": lambda: client.delete_and_wait(name),
    }
    print(json.dumps({what: _refused(ask) for what, ask in questions.items()}))


def _some(log: str) -> None:
    if not log:
        raise LookupError("no log")


def _refused(ask: Callable[[], object]) -> str:
    try:
        ask()
    except ArchmendError as error:
        return str(error)
    except Exception as error:  # of a watch: the client library's own
        return f"{type(error).__name__}: {error}"
    return ""


if __name__ == "__main__":
    main()
