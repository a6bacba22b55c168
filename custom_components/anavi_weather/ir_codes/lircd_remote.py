"""Remote controls as a `lircd.conf` describes them."""

from dataclasses import dataclass, field

from .command import DEFAULT_CARRIER, CodeError

type Pair = tuple[int, int]  # µs of a pulse and of the space with it


@dataclass(slots=True)
class LircdKey:
    """A key: its line, and its codes or, in a raw remote, its durations in µs, pulse first."""

    name: str
    line: int
    values: tuple[int, ...] = (0,)
    error: CodeError | None = None
    """Why the key cannot be read; its values are not those of the file then."""

    def add_error(self, error: CodeError) -> None:
        """Add an error of the key, which has the first one only."""
        self.error = self.error or error.with_traceback(None)
        self.values = (0,)


@dataclass(slots=True, kw_only=True)
class LircdRemote:
    """A remote; durations in µs, names as in the file."""

    line: int
    name: str = ""
    flags: set[str] = field(default_factory=set)
    bits: int = 0
    pre_data_bits: int = 0
    pre_data: int = 0
    post_data_bits: int = 0
    post_data: int = 0
    header: Pair = (0, 0)
    one: Pair = (0, 0)
    zero: Pair = (0, 0)
    two: Pair = (0, 0)
    three: Pair = (0, 0)
    pre: Pair = (0, 0)
    post: Pair = (0, 0)
    foot: Pair = (0, 0)
    repeat: Pair = (0, 0)
    plead: int = 0
    ptrail: int = 0
    gap: int = 0
    gap2: int = 0
    repeat_gap: int = 0
    min_repeat: int = 0
    repeat_mask: int = 0
    toggle_bit: int = 0
    toggle_bit_mask: int = 0
    toggle_mask: int = 0
    rc6_mask: int = 0
    frequency: int = DEFAULT_CARRIER
    duty_cycle: int = 0
    manual_sort: int = 0
    raw: bool = False
    keys: list[LircdKey] = field(default_factory=list)
    error: CodeError | None = None
    """Why none of its keys can be read, or lircd could not send any."""

    def add_error(self, error: CodeError) -> None:
        """Add an error of the remote, which has the first one only."""
        self.error = self.error or error.with_traceback(None)

    @property
    def all_bits(self) -> int:
        """Return the number of bits in a frame."""
        return self.pre_data_bits + self.bits + self.post_data_bits

    def mask_values(self) -> None:
        """Mask pre-data, post-data and codes to their number of bits."""
        self.pre_data &= (1 << self.pre_data_bits) - 1
        self.post_data &= (1 << self.post_data_bits) - 1
        for key in self.keys:
            key.values = tuple(value & (1 << self.bits) - 1 for value in key.values)
