"""The command line: one file a command, which turns flags into a step's request and says what came of it."""

from archmend.cli.main import main

__all__ = ["main"]
