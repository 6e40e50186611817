"""What may be built: choices, conditions, architectures and their codes, neighbours, encodings, costs."""

from archmend.spaces.architecture import Architecture
from archmend.spaces.builtin import create_space, needs_columns, space_names
from archmend.spaces.choice import Choice, OpenIntegers, Repeat
from archmend.spaces.codes import Scalar
from archmend.spaces.plain import every_choice, from_texts
from archmend.spaces.source import SpaceSource, space_setting, space_source, space_word
from archmend.spaces.space import Space, size_text

__all__ = [
    "Architecture",
    "Choice",
    "OpenIntegers",
    "Repeat",
    "Scalar",
    "Space",
    "SpaceSource",
    "create_space",
    "every_choice",
    "from_texts",
    "needs_columns",
    "size_text",
    "space_names",
    "space_setting",
    "space_source",
    "space_word",
]
