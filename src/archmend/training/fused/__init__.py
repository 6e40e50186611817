"""Many small networks trained as one program.

TensorFlow is imported by what trains, not by this room: how many may be trained together is asked without it.
"""

from archmend.training.fused.recipe import why_alone
from archmend.training.fused.sizing import Grouping, grouping, in_one_process

__all__ = ["Grouping", "grouping", "in_one_process", "why_alone"]
