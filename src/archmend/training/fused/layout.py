"""Where each network's numbers stand in the arrays that a population is.

Hidden layers of one depth lie in buckets by their width, padded to the bucket's; what leads from a bucket
to another one is a batched product. The first layers of all networks are one product over their widths.
Networks that end at a depth leave their bucket there, so that nothing is computed for what is not.

A bias is the last column of its kernel, and behind the units of a bucket stands one that is always 1: so
there is one product and one update where there would be two, and no sum over the rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archmend.training.fused.recipe import Recipe

FIRST = "first"
"""Name of the array of all first kernels, side by side."""


@dataclass(frozen=True, slots=True)
class Product:
    """A batched product from one bucket to another.

    Attributes:
        source, target: buckets. begin, end: networks of the source, in its order of leaving.
    """

    source: int
    target: int
    begin: int
    end: int

    @property
    def name(self) -> str:
        """Of the array that holds its kernels."""
        return f"kernel-{self.source}-{self.target}"


@dataclass(frozen=True, slots=True)
class Level:
    """All hidden layers of one depth.

    Attributes:
        counts: networks in each bucket. orders: for each bucket how its networks are arranged for what
            comes behind; None where they stand right already. products: to the next level, in the order in
            which their results make up its buckets. ending: for each bucket, where those begin that end here.
    """

    counts: tuple[int, ...]
    orders: tuple[tuple[int, ...] | None, ...]
    products: tuple[Product, ...]
    ending: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Form:
    """What the compiled program of a population depends on, besides its activations and its rule.

    Attributes:
        inputs, classes: of the data. units: in all first hidden layers. widths: of the buckets.
        levels: from the first hidden layer on.
    """

    inputs: int
    classes: int
    units: int
    widths: tuple[int, ...]
    levels: tuple[Level, ...]

    def count(self, bucket: int) -> int:
        """Return how many hidden layers a bucket has over all levels."""
        return sum(level.counts[bucket] for level in self.levels)

    def ends(self, bucket: int) -> int:
        """Return how many networks end in a bucket."""
        return sum(level.counts[bucket] - level.ending[bucket] for level in self.levels)

    @property
    def networks(self) -> int:
        """How many there are."""
        return sum(self.levels[0].counts)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The arrays of kernels with their biases, by name: outputs by inputs."""
        found: dict[str, tuple[int, ...]] = {FIRST: (self.units, self.inputs + 1)}
        for level in self.levels:
            for p in level.products:
                before = found.get(p.name, (0,))[0]
                size = self.widths[p.target] + 1, self.widths[p.source] + 1
                found[p.name] = (before + p.end - p.begin, *size)
        for bucket, width in enumerate(self.widths):
            if self.ends(bucket):
                found[f"output-{bucket}"] = (self.ends(bucket), self.classes, width + 1)
        return found


@dataclass(frozen=True, slots=True)
class Place:
    """Where a layer of a network is.

    Attributes:
        kernel: name of the array; at: its index there (of `FIRST`, the first row).
        bias: column of the biases there. row: of the layer among those of its bucket over all levels; of the
            classifier among all of them.
    """

    kernel: str
    at: int
    bias: int
    row: int


@dataclass(frozen=True, slots=True)
class Layout:
    """A form, and which network stands where in it.

    Attributes:
        form: of the program. places: for each network its layers, the classifier last.
        buckets: for each network the buckets of its hidden layers.
    """

    form: Form
    places: tuple[tuple[Place, ...], ...]
    buckets: tuple[tuple[int, ...], ...]


def lay_out(recipes: Sequence[Recipe], widths: Sequence[int]) -> Layout:
    """Arrange networks in buckets of these widths, the last of which holds the widest layer.

    Args:
        recipes: at least one, for the same data.
        widths: rising.
    """
    buckets = tuple(
        tuple(next(i for i, most in enumerate(widths) if width <= most) for width in recipe.widths)
        for recipe in recipes
    )
    over = len(widths)
    paths = [(*path, over) for path in buckets]
    here = [
        sorted((n for n, path in enumerate(paths) if path[0] == bucket), key=lambda n: paths[n])
        for bucket in range(over)
    ]
    places: list[list[Place]] = [[] for _ in recipes]
    used: dict[str | int, int] = {}
    units = 0
    for bucket in range(over):
        for network in here[bucket]:
            places[network].append(Place(FIRST, units, recipes[network].inputs, _next(used, bucket)))
            units += recipes[network].widths[0]
    levels: list[Level] = []
    ended: list[list[int]] = [[] for _ in widths]
    while any(here):
        depth = len(levels) + 1
        sorted_here = [sorted(each, key=lambda n: paths[n][depth]) for each in here]
        there: list[list[int]] = [[] for _ in widths]
        products: list[Product] = []
        for target, source in ((t, s) for t in range(over) for s in range(over)):
            going = [i for i, n in enumerate(sorted_here[source]) if paths[n][depth] == target]
            if not going:
                continue
            product = Product(source, target, going[0], going[-1] + 1)
            products.append(product)
            for network in sorted_here[source][product.begin : product.end]:
                there[target].append(network)
                row, at = _next(used, target), _next(used, product.name)
                places[network].append(Place(product.name, at, widths[source], row))
        ending = tuple(sum(paths[n][depth] != over for n in each) for each in sorted_here)
        for bucket, each in enumerate(sorted_here):
            ended[bucket] += each[ending[bucket] :]
        orders = tuple(
            None if after == before else tuple(before.index(n) for n in after)
            for before, after in zip(here, sorted_here, strict=True)
        )
        levels.append(Level(tuple(map(len, here)), orders, tuple(products), ending))
        here = there
    row = 0
    for bucket, each in enumerate(ended):
        for at, network in enumerate(each):
            places[network].append(Place(f"output-{bucket}", at, widths[bucket], row))
            row += 1
    form = Form(recipes[0].inputs, recipes[0].classes, units, tuple(widths), tuple(levels))
    return Layout(form, tuple(map(tuple, places)), buckets)


def _next(used: dict[str | int, int], name: str | int) -> int:
    used[name] = used.get(name, 0) + 1
    return used[name] - 1
