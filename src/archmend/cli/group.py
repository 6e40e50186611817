"""Groups of commands that name the nearest one to a word they do not know."""

from __future__ import annotations

import sys
from typing import Any

from typer.core import TyperGroup

from archmend.errors import unknown_name

BAD_INPUT = 2


class NearestNames(TyperGroup):
    """A group whose unknown commands are answered like every other unknown name."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Show the help, in its lines, where a command's name is missing; that ends with bad input."""
        if not args and self.no_args_is_help and not ctx.resilient_parsing:
            print(ctx.get_help(), file=sys.stderr)
            ctx.exit(BAD_INPUT)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the first word names.

        Raises:
            BadInput: it names none.
        """
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise unknown_name("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)
