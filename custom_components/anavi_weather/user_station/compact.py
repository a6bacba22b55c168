"""Sequences of thousands of named tuples that Python's garbage collector need not visit."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self, overload, override


class Compact[Item: tuple[object, ...]](Sequence[Item]):
    """Sequence of named tuples that are stored as plain tuples, and created on access.

    Whenever many containers have been allocated, Python's garbage collector stops Home Assistant to visit all of its objects.
    It skips plain tuples that contain only strings and numbers, but not named tuples.
    """

    def __init__(self, make: Callable[[Iterable[object]], Item], items: Iterable[Item] = ()) -> None:
        """Initialize the sequence.

        Args:
            make: Creates an item from its fields.
            items: The first items.
        """
        self._make = make
        self._plain = [tuple(item) for item in items]

    def append(self, item: Iterable[object]) -> None:
        """Append an item."""
        self._plain.append(tuple(item))

    def __iadd__(self, other: Compact[Item]) -> Self:
        """Append the items of another sequence, without creating them."""
        self._plain += other._plain
        return self

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
