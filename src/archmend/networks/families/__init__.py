"""The layers of each family's networks, between the encoded rows and the output."""

from archmend.networks.families import cells, plain, series, tabular, text
from archmend.networks.families.common import Chain, Graph, Seeds

__all__ = ["CHAINS", "GRAPHS", "Seeds"]

CHAINS: dict[str, Chain] = {"fc": plain.fully_connected, "conv": plain.conv, "series": series.series}
GRAPHS: dict[str, Graph] = {
    "tabular": tabular.tabular,
    "cells": cells.cells,
    "text": text.text,
}
"""By the family's name; the usual values of what an architecture does not choose are filled in before."""
