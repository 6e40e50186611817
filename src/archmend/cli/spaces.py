"""`archmend spaces`, `archmend spaces show`."""

from __future__ import annotations

from typing import Annotated

import typer

from archmend.cli.group import NearestNames
from archmend.cli.tables import print_table

spaces = typer.Typer(cls=NearestNames, rich_markup_mode=None)
_COUNTED = (("params", "parameters"), ("flops", "FLOPs"))


@spaces.callback(invoke_without_command=True)
def list_spaces(context: typer.Context) -> None:
    """List the search spaces, or show one.

    Example:  archmend spaces show fc
    """
    if context.invoked_subcommand is not None:
        return
    from archmend.spaces import size_text, space_names, space_source

    rows = []
    for name in space_names():
        source = space_source(name)
        space = source.example_space()
        rows.append((name, size_text(space.size), source.data, str(space.example())))
    print_table(("space", "architectures", "data", "an example of a code"), rows)


@spaces.command()
def show(name: Annotated[str, typer.Argument(help="As `archmend spaces` lists it, or a file.")]) -> None:
    """Show the choices of a space, and what its networks cost.

    Example:  archmend spaces show conv
    """
    from archmend.spaces import Choice, size_text, space_source

    source = space_source(name)
    space = source.example_space()
    rows = []
    for item in space.choices:
        for choice in (item,) if isinstance(item, Choice) else item.choices:
            repeated = "" if isinstance(item, Choice) else f"for each of {item.by}"
            shown = ", ".join(choice.known_codes()) or str(choice.values)
            rows.append((choice.name, shown, repeated, choice.condition_text))
    typer.echo(f"{space.name}: {size_text(space.size)} architectures, for {source.data}")
    print_table(("choice", "values", "", "when"), rows)
    example = space.example()
    assert space.input_shape is not None
    shape = "x".join(map(str, space.input_shape))
    if space.has_cost:
        cost = space.cost(example)
        counted = [f"{cost[name]:,.0f} {word}" for name, word in _COUNTED if name in cost]
        figures = " and ".join(counted) or f"no params or flops, only {', '.join(cost) or 'nothing'},"
    else:
        figures = "no costs are known before a network is built,"
    typer.echo(f"for example {example}: {figures} with rows of {shape} and {space.classes} classes")
