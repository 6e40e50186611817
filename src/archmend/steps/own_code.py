"""What a space whose networks come from a user's code leaves no room for."""

from __future__ import annotations

from archmend.errors import BadInput
from archmend.spaces import Space

DEFAULT_OPTIMIZER = "adam"


def check_own_code(space: Space, optimizer: str, learning_rate: float | None) -> None:
    """Refuse flags that nothing would follow, because the space's own code compiles its networks.

    Raises:
        BadInput: naming the flag.
    """
    given = "--optimizer" if optimizer != DEFAULT_OPTIMIZER else "--learning-rate"
    if space.build is not None and (optimizer != DEFAULT_OPTIMIZER or learning_rate is not None):
        raise BadInput(
            f"{given} contradicts space {space.name!r}, whose build() compiles its networks; leave it out"
        )
    if space.build is None and space.family is None:
        raise BadInput(
            f"space {space.name!r} does not say what networks its architectures are; name a family in it, "
            "or write it as a Python file with build(architecture)"
        )
