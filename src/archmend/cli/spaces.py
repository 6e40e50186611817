"""`archmend spaces`, `archmend spaces show`."""

from __future__ import annotations

from typing import Annotated

import typer

from archmend.cli.group import NearestNames
from archmend.cli.tables import print_table

spaces = typer.Typer(cls=NearestNames, rich_markup_mode=None)
# What costs and shapes are shown for; the choices do not depend on it.
_SHAPE, _CLASSES = (28, 28, 1), 10


@spaces.callback(invoke_without_command=True)
def list_spaces(context: typer.Context) -> None:
    """List the search spaces, or show one.

    Example:  archmend spaces show fc
    """
    if context.invoked_subcommand is not None:
        return
    from archmend.spaces import create_space, size_text, space_names

    rows = []
    for name in space_names():
        space = create_space(name, input_shape=_SHAPE, classes=_CLASSES)
        rows.append((name, size_text(space.size), str(space.example())))
    print_table(("space", "architectures", "an example of a code"), rows)


@spaces.command()
def show(name: Annotated[str, typer.Argument(help="As `archmend spaces` lists it.")]) -> None:
    """Show the choices of a space, and what its networks cost.

    Example:  archmend spaces show conv
    """
    from archmend.spaces import Choice, create_space, size_text

    space = create_space(name, input_shape=_SHAPE, classes=_CLASSES)
    rows = []
    for item in space.choices:
        for choice in (item,) if isinstance(item, Choice) else item.choices:
            repeated = "" if isinstance(item, Choice) else f"for each of {item.by}"
            shown = ", ".join(choice.known_codes()) or str(choice.values)
            rows.append((choice.name, shown, repeated))
    typer.echo(f"{name}: {size_text(space.size)} architectures")
    print_table(("choice", "values", ""), rows)
    example = space.example()
    cost = space.cost(example)
    shape = "x".join(map(str, _SHAPE))
    typer.echo(
        f"for example {example}: {cost['params']:,.0f} parameters and {cost['flops']:,.0f} FLOPs "
        f"with rows of {shape} and {_CLASSES} classes"
    )
