"""A Katib that needs no cluster: an API server over real HTTP, and a controller that follows a script.

    with FakeKatib(lambda run: Outcome(metrics={"accuracy": 0.9})) as katib:
        os.environ["KUBECONFIG"] = str(katib.write_kubeconfig(folder))
        ...  # any Kubernetes client, or `archmend search --engine katib`

It speaks what a client of Experiments needs: create, read, list with selectors, watch (bookmarks, 410 Gone
and broken connections with it), merge patches of an object and of its status, delete, the pods of trials
with their logs, events, and Argo's Workflows. It does not check schemas, access rights or quotas.
"""

from archmend.testing.katib.controller import Refusal, Run, Script, suggest
from archmend.testing.katib.fake import FakeKatib
from archmend.testing.katib.outcomes import Outcome

__all__ = ["FakeKatib", "Outcome", "Refusal", "Run", "Script", "suggest"]
