"""Thousands of named tuples without a burden for Python's garbage collector."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import overload, override


class Compact[Item: tuple[object, ...]](Sequence[Item]):
    """Named tuples that are kept as plain ones, and made when they are asked for.

    Python's garbage collector stops everything to look at all of Home Assistant's objects whenever many have been added that
    may hold others. Of a plain tuple of texts and numbers it knows that it does not, of a named one not.
    """

    def __init__(self, make: Callable[[Iterable[object]], Item], items: Iterable[Item] = ()) -> None:
        """Keep items, which `make` makes of their fields."""
        self._make = make
        self._plain = [tuple(item) for item in items]

    def append(self, item: Iterable[object]) -> None:
        """Keep one more."""
        self._plain.append(tuple(item))

    def extend(self, items: Iterable[Iterable[object]]) -> None:
        """Keep more."""
        self._plain.extend(map(tuple, items))

    @override
    def __len__(self) -> int:
        return len(self._plain)

    @override
    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None  # type: ignore[assignment]  # it can be added to

    @override
    def __iter__(self) -> Iterator[Item]:
        return map(self._make, self._plain)

    @overload
    def __getitem__(self, index: int) -> Item: ...

    @overload
    def __getitem__(self, index: slice) -> list[Item]: ...

    @override
    def __getitem__(self, index: int | slice) -> Item | list[Item]:
        if isinstance(index, slice):
            return list(map(self._make, self._plain[index]))
        return self._make(self._plain[index])
