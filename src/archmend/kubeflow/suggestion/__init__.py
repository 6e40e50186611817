"""Katib's Suggestion service: the strategies of `archmend.search`, replayed from each request.

gRPC and protobuf are imported when the service starts; the names here need neither.
"""

from archmend.kubeflow.suggestion.names import (
    ASKED,
    HEALTH,
    MOST_TRIALS,
    PORT,
    algorithm_name,
    algorithm_names,
    check_served,
    strategy_of,
)
from archmend.kubeflow.suggestion.serving import serve

__all__ = [
    "ASKED",
    "HEALTH",
    "MOST_TRIALS",
    "PORT",
    "algorithm_name",
    "algorithm_names",
    "check_served",
    "serve",
    "strategy_of",
]
