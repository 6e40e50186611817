"""What a third party can run against its own parts: contract suites, and fakes that behave.

The fake Katib is in `archmend.testing.katib`.
"""

from archmend.testing.scripted import ScriptedEvaluator
from archmend.testing.spaces import SPACES
from archmend.testing.strategies import check_strategy

__all__ = ["SPACES", "ScriptedEvaluator", "check_strategy"]
