"""Sequences of thousands of named tuples that Python's garbage collector need not visit."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Self, cast, overload, override


class Compact[Item: tuple[object, ...]](Sequence[Item]):
    """Sequence of named tuples that are stored as plain tuples, and created on access.

    Whenever many containers have been allocated, Python's garbage collector stops Home Assistant to visit all of its objects.
    It skips plain tuples that contain only strings and numbers, but not named tuples.
    """

    def __init__(self, kind: type[Item], items: Iterable[Item] = ()) -> None:
        """Initialize the sequence with the type of its items, and the first items."""
        # Takes two thirds of the work of the type's own `_make`, which is written in Python
        self._make = partial(tuple.__new__, kind)
        self._plain = [tuple(item) for item in items]

    def append(self, item: Iterable[object]) -> None:
        """Append an item."""
        self._plain.append(tuple(item))

    def __iadd__(self, other: Compact[Item]) -> Self:
        """Append the items of another sequence, without creating them."""
        self._plain += other._plain
        return self

    def plain(self) -> Iterable[Item]:
        """Return the items as plain tuples, which can only be unpacked. That takes a fraction of the time."""
        return cast("Iterable[Item]", self._plain)

    @override
    def __len__(self) -> int:
        return len(self._plain)

    @override
    def __eq__(self, other: object) -> bool:
        return list(self) == other

    __hash__ = None  # type: ignore[assignment]  # the sequence is mutable

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
