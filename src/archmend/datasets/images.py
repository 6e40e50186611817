"""A folder of class folders of images: the folder's name is the class."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from archmend.datasets.raw import Raw
from archmend.datasets.spilled import empty
from archmend.errors import BadInput

_SUFFIXES = (".png", ".jpg", ".jpeg")
_GREY, _COLOUR = ("1", "L", "LA"), ("RGB", "RGBA", "P")


def read_images(folder: Path) -> Raw:
    """Return images (rows, height, width) of grey, or (rows, height, width, 3) of colour, 0..255.

    Rows are in the order of the class names and then of the file names. Palettes become colours, an
    alpha channel is dropped where it is opaque throughout. Hidden files are passed over.

    Raises:
        BadInput: no class folders, other files in them, images of different size or colour, or broken ones.
        Unavailable: the disk is full, where there are more of them than memory should hold.
    """
    folders = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise BadInput(f"{str(folder)!r} holds no class folders; give one folder of images a class")
    files = [(path, group.name) for group in folders for path in _image_files(group)]
    first = _read_image(files[0][0])
    x = empty((len(files), *first.shape), np.dtype(np.uint8))
    for row, (path, _) in enumerate(files):
        image = first if row == 0 else _read_image(path)
        _refuse_difference(files[0][0], first, path, image)
        x[row] = image
    labels = np.array([name for _, name in files])
    stray = sorted(p.name for p in folder.iterdir() if p.is_file() and not p.name.startswith("."))
    notes = (f"Files beside the class folders that are not read: {', '.join(stray[:5])}.",) if stray else ()
    return Raw(format="image", x=x, labels=labels, notes=notes)


def _image_files(folder: Path) -> list[Path]:
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    for path in paths:
        if path.is_dir() or path.suffix.lower() not in _SUFFIXES:
            what = "a folder" if path.is_dir() else "neither png nor jpeg"
            raise BadInput(f"{str(path)!r} is {what}; a class folder holds .png, .jpg and .jpeg files only")
    if not paths:
        raise BadInput(f"the class folder {str(folder)!r} holds no images; add some or remove it")
    return paths


def _read_image(path: Path) -> np.ndarray:
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.mode not in (*_GREY, *_COLOUR):
                raise BadInput(
                    f"{str(path)!r} has the mode {image.mode}; save it as grey or colour of 8 bits a channel"
                )
            image.load()
            clear = image.has_transparency_data
            pixels = image.convert("RGBA") if clear else image
            if clear and np.asarray(pixels.getchannel("A")).min() < 255:
                raise BadInput(f"{str(path)!r} has transparent pixels; save it without transparency")
            return np.asarray(image.convert("L" if image.mode in _GREY else "RGB"))
    except BadInput:
        raise
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadInput(f"{str(path)!r} is no image or is damaged; save it again or remove it") from error


def _refuse_difference(first_path: Path, first: np.ndarray, path: Path, image: np.ndarray) -> None:
    if image.ndim != first.ndim:
        grey, colour = (path, first_path) if image.ndim == 2 else (first_path, path)
        raise BadInput(
            f"{str(grey)!r} is grey and {str(colour)!r} is in colour; convert all images to one of them"
        )
    if image.shape != first.shape:
        sizes = [f"{s[1]}x{s[0]}" for s in (first.shape, image.shape)]
        raise BadInput(
            f"{str(first_path)!r} has {sizes[0]} pixels and {str(path)!r} has {sizes[1]}; resize them alike"
        )
