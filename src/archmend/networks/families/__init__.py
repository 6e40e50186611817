"""The layers of each family's networks, between the encoded rows and the output."""

from archmend.networks.families import plain
from archmend.networks.families.common import Chain, Graph, Seeds

__all__ = ["CHAINS", "GRAPHS", "Seeds"]

CHAINS: dict[str, Chain] = {"fc": plain.fully_connected, "conv": plain.conv}
GRAPHS: dict[str, Graph] = {}
"""By the family's name; the usual values of what an architecture does not choose are filled in before."""
