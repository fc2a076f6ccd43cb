"""Frozen regression trees: the losses of a prediction by its features, in whole quanta. Pure numpy.

Trees are evaluated without walking them (QuickScorer, Lucchese et al. 2015): a split whose test fails rules out the leaves
to its left, and of the leaves that no split rules out the leftmost is the one where the walk would have ended. What a split
rules out depends on the bin of its feature alone, so there is a table per feature: a word per bin and tree, a bit per leaf.
A prediction is then some `and`s of rows of words, whatever the depth of the trees.

A number has a bin between each two thresholds, a category one of its own. What is missing goes where scikit-learn sends
it: to a side of each split. A category that no row had when the trees grew is missing.

Leaves are whole numbers of a quantum so small that no sum of floats is nearer, and what they add up to is rounded once, to
the quantum in which losses are summed. So a prediction has the same losses on every machine and in any batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from math import ceil, log2
from typing import Any, Final, Self
from zlib import compress, decompress

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Words = NDArray[np.uint32]

LEAVES: Final = 32  # of a tree: bits of a word
ALL: Final = 2**LEAVES - 1
MISSING: Final = -1  # the code of a category that is none
FINE_BITS: Final = 60  # no sum of leaves is as great as 2^60 fine quanta
MEAN_BITS: Final = 20  # the mean loss has about 2^20 quanta …
GREATEST_BITS: Final = 40  # … and no loss more than 2^40, so that 8 million of the greatest fit in a sum of 64 bits
BLOCK: Final = 256  # rows at a time: their words stay in the cache


class Split(msgspec.Struct, frozen=True, array_like=True):
    """A test of a feature (by its place): a number at most `threshold`, or a category among `left`.

    `first` and `leaves`: the leaves to its left, by their number in the tree from the left.
    """

    feature: int
    threshold: float
    left: tuple[int, ...]
    missing_left: bool
    first: int
    leaves: int


class Tree(msgspec.Struct, frozen=True, array_like=True):
    """Splits in any order, and the values of the leaves from left to right."""

    splits: tuple[Split, ...]
    values: tuple[float, ...]


class Forest(msgspec.Struct, frozen=True):
    """A loss: `offset` plus a leaf of each tree. `mean` is what it was where the trees grew."""

    offset: float
    trees: tuple[Tree, ...]
    mean: float

    @property
    def bound(self) -> float:
        """No loss is greater, whatever the features."""
        return abs(self.offset) + sum(max(map(abs, tree.values)) for tree in self.trees)

    @property
    def quantum(self) -> float:
        """In which losses are summed: a power of two."""
        greatest = max(abs(self.mean) / 2**MEAN_BITS, self.bound / 2**GREATEST_BITS)
        return 2.0 ** ceil(log2(greatest)) if greatest > 0 else 1.0

    @property
    def fine(self) -> float:
        """The quantum of leaves."""
        return 2.0 ** (ceil(log2(self.bound)) - FINE_BITS) if self.bound > 0 else 1.0


class Frozen(msgspec.Struct, frozen=True):
    """The absolute loss and the squared one. `categories` of each feature: those that were there where the trees grew, and
    None of a number.
    """

    absolute: Forest
    square: Forest
    categories: tuple[tuple[int, ...] | None, ...]


@dataclass(frozen=True, eq=False, slots=True)
class Column:
    """What the trees ask of one feature: `edges` of a number, None of a category. `words`: (bins, trees), the last is missing."""

    feature: int
    edges: Floats | None
    words: Words

    def bins(self, values: NDArray[Any]) -> Integers:
        """The bin of each value: of numbers with NaN for missing, or of codes of categories."""
        if self.edges is None:
            return np.where(values < len(self.words), values, MISSING).astype(np.int64)
        found = np.searchsorted(self.edges, values, side="left")
        found[np.isnan(values)] = MISSING
        return found


@dataclass(frozen=True, eq=False, slots=True)
class Trees:
    """Trees ready to be evaluated. `leaves`: fine quanta of every leaf, (trees, LEAVES); the others (absolute, square)."""

    columns: tuple[Column, ...]
    leaves: Integers
    offsets: tuple[int, int]
    shifts: tuple[int, int]  # from fine quanta to quanta
    quanta: tuple[float, float]
    widths: tuple[int, int]  # trees of each

    @classmethod
    def of(cls, frozen: Frozen) -> Self:
        """From what is stored."""
        pair = (frozen.absolute, frozen.square)
        trees = [tree for forest in pair for tree in forest.trees]
        leaves = np.zeros((len(trees), LEAVES), dtype=np.int64)
        fine = [forest.fine for forest in pair for _ in forest.trees]
        for row, tree, unit in zip(leaves, trees, fine, strict=True):
            row[: len(tree.values)] = np.rint(np.array(tree.values) / unit)
        return cls(
            columns=tuple(_columns(trees, frozen.categories)),
            leaves=leaves,
            offsets=(round(pair[0].offset / pair[0].fine), round(pair[1].offset / pair[1].fine)),
            shifts=(round(log2(pair[0].quantum / pair[0].fine)), round(log2(pair[1].quantum / pair[1].fine))),
            quanta=(pair[0].quantum, pair[1].quantum),
            widths=(len(pair[0].trees), len(pair[1].trees)),
        )

    @property
    def features(self) -> list[int]:
        """The places of the features that some tree asks for."""
        return [column.feature for column in self.columns]

    def losses(self, values: Sequence[NDArray[Any]], rows: int) -> Integers:
        """Absolute and squared loss of each row in quanta, shape (2, rows); a column of values for each of `features`."""
        shifts = np.array(self.shifts, dtype=np.int64)[:, np.newaxis]
        rounded: Integers = (self.fine(values, rows) + (1 << shifts >> 1)) >> shifts
        return rounded

    def fine(self, values: Sequence[NDArray[Any]], rows: int) -> Integers:
        """The same in fine quanta: `quanta` / 2 ** `shifts`."""
        bins = [column.bins(given) for column, given in zip(self.columns, values, strict=True)]
        found = np.empty((2, rows), dtype=np.int64)
        for start in range(0, rows, BLOCK):
            part = slice(start, min(start + BLOCK, rows))
            self._fill(found[:, part], [given[part] for given in bins])
        return found

    def _fill(self, found: Integers, bins: Sequence[Integers]) -> None:
        left = np.full((found.shape[1], len(self.leaves)), ALL, dtype=np.uint32)
        for column, given in zip(self.columns, bins, strict=True):
            left &= column.words[given]
        leaf = np.bitwise_count((left & -left) - np.uint32(1))  # the number of zeros below the lowest bit
        values = self.leaves.ravel()[leaf + np.arange(0, self.leaves.size, LEAVES, dtype=np.int64)]
        found[0] = values[:, : self.widths[0]].sum(axis=1) + self.offsets[0]
        found[1] = values[:, self.widths[0] :].sum(axis=1) + self.offsets[1]


def pack(frozen: Frozen) -> tuple[str, bytes]:
    """(a name made of the content, the bytes that `unpack` reads)."""
    data = msgspec.msgpack.encode(frozen)  # JSON knows no threshold without end
    return f"losses-{sha256(data).hexdigest()[:20]}", compress(data)


def unpack(data: bytes) -> Trees:
    """Ready to be evaluated."""
    return Trees.of(msgspec.msgpack.decode(decompress(data), type=Frozen))


def _columns(trees: Sequence[Tree], categories: Sequence[Sequence[int] | None]) -> list[Column]:
    """The table of each feature that is asked for."""
    asked: dict[int, list[tuple[int, Split]]] = {}
    for place, tree in enumerate(trees):
        for split in tree.splits:
            asked.setdefault(split.feature, []).append((place, split))
    return [
        _numbers(feature, asked[feature], len(trees))
        if (known := categories[feature]) is None
        else _categories(feature, asked[feature], len(trees), known)
        for feature in sorted(asked)
    ]


def _numbers(feature: int, asked: Sequence[tuple[int, Split]], trees: int) -> Column:
    """A number fails a test where it is above the threshold: in every bin from the one on that begins there."""
    edges = np.unique(np.array([split.threshold for _, split in asked], dtype=np.float64))
    words = np.full((len(edges) + 2, trees), ALL, dtype=np.uint32)
    for tree, split in asked:
        fails = np.arange(len(words)) > np.searchsorted(edges, split.threshold)
        _rule_out(words[:, tree], fails, split)
    return Column(feature, edges, words)


def _categories(feature: int, asked: Sequence[tuple[int, Split]], trees: int, known: Sequence[int]) -> Column:
    """A known category fails where it is not to the left; an unknown one is missing."""
    words = np.full((max(known) + 2, trees), ALL, dtype=np.uint32)
    for tree, split in asked:
        fails = np.full(len(words), not split.missing_left)
        fails[list(known)] = True
        fails[list(split.left)] = False
        _rule_out(words[:, tree], fails, split)
    return Column(feature, None, words)


def _rule_out(words: Words, fails: NDArray[np.bool_], split: Split) -> None:
    fails[-1] = not split.missing_left
    words[fails] &= np.uint32(ALL ^ (((1 << split.leaves) - 1) << split.first))
