"""A space from a Python file: `space`, and `build` where the networks are the file's own."""

from __future__ import annotations

import copy
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

from archmend.errors import BadInput
from archmend.spaces.architecture import Architecture
from archmend.spaces.builtin import FAMILIES
from archmend.spaces.costs import is_cost
from archmend.spaces.family import Rows
from archmend.spaces.layers import Network
from archmend.spaces.space import Space

_LONGEST = 200
_ARGUMENTS = ("architecture", "input_shape", "classes")


def space_of_python(content: str, path: str, label: str, name: str, rows: Rows) -> Space:
    """Run a file and return the space that it defines, for such rows.

    Args:
        content: of the file.
        path: of the file, for its own imports and tracebacks.
        label: of the file in messages.
        name: of the space in records.
        rows: of the data.

    Raises:
        BadInput: the file raises, has no `space`, or one that is none; a `build` that cannot be called.
    """
    module = _run(content, path, label)
    given = getattr(module, "space", None)
    if given is None:
        raise BadInput(
            f"{label} defines no 'space'; assign a Space, or a function of input_shape and classes"
        )
    if not isinstance(given, Space):
        if not callable(given):
            raise BadInput(
                f"{label} defines 'space' as {type(given).__name__}; assign a Space, or a function of "
                "input_shape and classes that returns one"
            )
        given = _called(given, (rows.shape, rows.classes), "space", path, label)
        if not isinstance(given, Space):
            raise BadInput(f"{label}: space() returned {type(given).__name__}; return a Space")
    if given.has_cost:
        given = given.with_cost(_checked_cost(given.cost, path, label))
    if given.network is not None:
        network = _checked_network(given.network, path, label)
        given = copy.copy(given)
        given.network = network
    _try(given, label)
    return _placed(given, _build_of(module, path, label), name, label, rows)


def _try(given: Space, label: str) -> None:
    """Make an architecture and ask for its cost, so that what raises does so before a search has begun."""
    try:
        example = given.example()
    except BadInput as error:
        raise BadInput(f"{label}: {error}") from error
    if given.has_cost:
        given.cost(example)
    if given.network is not None:
        given.network(example)


def _placed(given: Space, build: Callable[..., Any] | None, name: str, label: str, rows: Rows) -> Space:
    space = copy.copy(given)
    # As the file's name says, so that no record takes it for a built-in one.
    space.name, space.text = name, None
    space.input_shape, space.classes = rows.shape, rows.classes
    space.columns, space.words = rows.columns, rows.words
    if build is not None:
        space.build, space.family = build, None
    elif space.family is not None:
        _check_family(space, label, rows)
        if not space.has_cost:
            space = space.with_cost(partial(FAMILIES[space.family].cost, rows=rows))
    return space


def _check_family(space: Space, label: str, rows: Rows) -> None:
    try:
        if space.family not in FAMILIES:
            raise BadInput(f"there is no family {space.family!r}; known: {', '.join(sorted(FAMILIES))}")
        family = FAMILIES[space.family]
        family.check_rows(space.name, rows)
        for item in space.choices:
            family.check_item(item)
        family.check_whole({name for item in space.choices for name in item.names})
    except BadInput as error:
        raise BadInput(f"{label}: {error}") from error


def _build_of(module: ModuleType, path: str, label: str) -> Callable[..., Any] | None:
    """Return a function of architecture, input_shape and classes; None where the file has no `build`."""
    build = getattr(module, "build", None)
    if build is None:
        return None
    takes = _arity(build)
    if takes is None:
        raise BadInput(
            f"{label} defines a 'build' that takes neither (architecture) nor (architecture, input_shape, "
            "classes); write it so"
        )

    def made(*arguments: Any) -> Any:
        return _called(build, arguments[:takes], "build", path, label)

    code = getattr(build, "__code__", None)
    made.place = _where(label, None if code is None else code.co_firstlineno)  # type: ignore[attr-defined]
    return made


def _checked_cost(
    cost: Callable[[Architecture], Mapping[str, float]], path: str, label: str
) -> Callable[[Architecture], Mapping[str, float]]:
    """Return the file's cost function, whose answers are numbers that can be compared with a limit."""

    def checked(architecture: Architecture) -> Mapping[str, float]:
        found = _called(cost, (architecture,), "cost", path, label)
        if not (isinstance(found, Mapping) and all(map(is_cost, found.values()))):
            raise BadInput(
                f"{label}: the cost function returned {str(found)[:_LONGEST]} for {architecture}; return "
                "finite numbers of at least 0 by name, such as {'params': 120, 'flops': 240}"
            )
        return found

    return checked


def _checked_network(
    network: Callable[[Architecture], Network], path: str, label: str
) -> Callable[[Architecture], Network]:
    """Return the file's function from an architecture to its layers, which gives a `Network`."""

    def checked(architecture: Architecture) -> Network:
        found = _called(network, (architecture,), "network", path, label)
        if not isinstance(found, Network):
            raise BadInput(
                f"{label}: the network function returned {str(found)[:_LONGEST]} for {architecture}; return "
                "a Network"
            )
        return found

    return checked


def _arity(build: Any) -> int | None:
    """Return how many of the three arguments a function takes: all of them if it can, or one."""
    if not callable(build):
        return None
    try:
        signature = inspect.signature(build)
    except (TypeError, ValueError):
        return 1
    for count in (3, 1):
        try:
            signature.bind(*_ARGUMENTS[:count])
        except TypeError:
            continue
        return count
    return None


def _run(content: str, path: str, label: str) -> ModuleType:
    folder = str(Path(path).parent)
    if folder not in sys.path:
        # Last, so that a neighbour of the file hides no module that somebody else imports.
        sys.path.append(folder)
    module = ModuleType("archmend_user_space")
    module.__file__ = path
    try:
        code = compile(content, path, "exec")
    except (SyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise BadInput(f"{_where(label, line)}: no valid Python ({_first_line(error)}); mend it") from error
    sys.modules[module.__name__] = module  # pickles and dataclasses look their module up
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:
        raise _raised(error, "the file", path, label) from error
    return module


def _called(
    function: Callable[..., Any], arguments: tuple[Any, ...], what: str, path: str, label: str
) -> Any:
    try:
        return function(*arguments)
    except (Exception, SystemExit) as error:
        if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
            raise
        raise _raised(error, f"{what}()", path, label) from error


def _raised(error: BaseException, what: str, path: str, label: str) -> BadInput:
    """Return one sentence with the last line of the file itself that the exception came through."""
    lines = [f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename == path]
    where = _where(label, lines[-1] if lines else None)
    return BadInput(f"{where}: {what} raised {type(error).__name__}: {_first_line(error)}; mend it")


def _where(label: str, line: int | None) -> str:
    return label if line is None else f"{label}, line {line}"


def _first_line(error: BaseException) -> str:
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return text.strip().partition("\n")[0][:_LONGEST] or "no message"
