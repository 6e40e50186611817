"""Groups of commands that name the nearest one to a word they do not know."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from archmend.errors import unknown_name


class NearestNames(TyperGroup):
    """A group whose unknown commands are answered like every other unknown name."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the command that the first word names.

        Raises:
            BadInput: it names none.
        """
        if args and not args[0].startswith("-") and self.get_command(ctx, args[0]) is None:
            raise unknown_name("command", args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)
