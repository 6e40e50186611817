"""Search: strategies that ask and are told, budgets, objectives, and the loop that brings them together.

Nothing here knows Keras, Kubernetes or files.
"""

from archmend.search.comparable import comparable
from archmend.search.early_stopping import (
    EarlyStopping,
    Rung,
    check_early_stopping,
    parse_early_stopping,
)
from archmend.search.evaluating import Evaluator, Pool
from archmend.search.fitting import count_fitting
from archmend.search.hypervolume import Hypervolume
from archmend.search.loop import SearchProgress, SearchResult, run
from archmend.search.objectives import (
    DIRECTIONS,
    all_of,
    checked_objectives,
    first_of,
    objective_value,
    parse_objectives,
)
from archmend.search.pareto import best_of, dominates, pareto_front
from archmend.search.ranking import best_first
from archmend.search.repeats import Estimate, estimates, incumbent
from archmend.search.stopping import StoppedBy, common_failure, reached_target, too_slow
from archmend.search.strategies import create_strategy, parse_strategy, strategy_names, with_epochs
from archmend.search.strategy import Settings, Strategy
from archmend.search.types import Budget, CurvePoint, Status, Suggestion, TrialResult, Value

__all__ = [
    "DIRECTIONS",
    "Budget",
    "CurvePoint",
    "EarlyStopping",
    "Estimate",
    "Evaluator",
    "Hypervolume",
    "Pool",
    "Rung",
    "SearchProgress",
    "SearchResult",
    "Settings",
    "Status",
    "StoppedBy",
    "Strategy",
    "Suggestion",
    "TrialResult",
    "Value",
    "all_of",
    "best_first",
    "best_of",
    "check_early_stopping",
    "checked_objectives",
    "common_failure",
    "comparable",
    "count_fitting",
    "create_strategy",
    "dominates",
    "estimates",
    "first_of",
    "incumbent",
    "objective_value",
    "pareto_front",
    "parse_early_stopping",
    "parse_objectives",
    "parse_strategy",
    "reached_target",
    "run",
    "strategy_names",
    "too_slow",
    "with_epochs",
]
