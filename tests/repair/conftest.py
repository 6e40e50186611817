"""The small networks and data of the unit tests."""

from tests.unit.repair.conftest import chain, graph, ring

__all__ = ["chain", "graph", "ring"]
