"""Codes for what folded cells name: the classes and words in their bins, the values of their segments."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from monitoring.drain.codes import CLASS, Codes, Word
from monitoring.drain.fold import Cell, Group, Named, Slot
from monitoring.selectors.segments import field_of
from monitoring.stats.layouts import PAST_CAP, SIDES, WORDS, confusion_bin, of_classes, scored_classes
from monitoring.stats.segments import OTHER, RESERVED, segment_of, split_segment

Folded = tuple[Group, Slot, Cell]
Integers = NDArray[np.int64]
Whose = tuple[int, str]  # a model, and which of its tables of codes


class Names:
    """The codes of all names in the cells of one `Folds`, looked up (and with `create` given) at once."""

    def __init__(self, cells: Sequence[Folded], models: Mapping[int, int], *, create: bool = True) -> None:
        """`models`: the model of each version."""
        self._models = models
        self._names = next((cell.names for _, _, cell in cells if cell.names is not None), ())
        used: defaultdict[Whose, set[int]] = defaultdict(set)
        for group, slot, cell in cells:
            if cell.names is not None:
                used[self._whose(group, slot)].update(_named(cell, slot).tolist())
        words = {word for whose, numbers in used.items() for word in self._words(whose, numbers)}
        words |= {word for group in {group for group, _, _ in cells} if (word := self._value(group))}
        self._codes = Codes(words, create=create)
        self._tables = {whose: self._table(whose, numbers) for whose, numbers in used.items()}

    def numbers(self, group: Group, slot: Slot, cell: Cell) -> Integers:
        """The bins of the layout: codes where they are classes or words."""
        if cell.names is None:
            return cell.bins
        named, codes = _named(cell, slot), self._tables[self._whose(group, slot)]
        if slot.layout not in SIDES:
            return codes[named]
        return of_classes(cell.bins, codes[named] - named, SIDES[slot.layout])

    def segment(self, group: Group) -> str:
        """The segment, or *other* where its key was full before its value came."""
        word = self._value(group)
        if word is None or self._codes.code(word) != PAST_CAP:
            return group.segment
        return segment_of(split_segment(group.segment)[0], OTHER)

    def _whose(self, group: Group, slot: Slot) -> Whose:
        return self._models[group.version_id], slot.metric if slot.layout == WORDS else CLASS

    def _value(self, group: Group) -> Word | None:
        """What gives a segment its right to be: the code of its value. Nothing gives it to those always there."""
        if not group.segment:
            return None
        key, value = split_segment(group.segment)
        return None if value in RESERVED else Word(self._models[group.version_id], field_of(key), value)

    def _words(self, whose: Whose, numbers: Collection[int]) -> Iterator[Word]:
        for number in numbers:
            name = self._names[number]
            for value in (name,) if isinstance(name, str) else name:
                yield Word(*whose, value)

    def _table(self, whose: Whose, numbers: Collection[int]) -> Integers:
        """The code of each of these names, at its number."""
        table = np.zeros(len(self._names), dtype=np.int64)
        for number in numbers:
            table[number] = self._code(self._names[number], whose)
        return table

    def _code(self, name: Named, whose: Whose) -> int:
        if isinstance(name, str):
            return self._codes.code(Word(*whose, name))
        return confusion_bin(*(self._codes.code(Word(*whose, part)) for part in name))


def _named(cell: Cell, slot: Slot) -> Integers:
    """The number of the name in each bin: it is the bin, or the class that the scores in it are of."""
    return scored_classes(cell.bins, SIDES[slot.layout]) if slot.layout in SIDES else cell.bins
