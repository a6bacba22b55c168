"""Output of setup-pi."""

import sys


class Failure(Exception):
    """setup-pi cannot go on. The message says what is wrong, and what to do."""


def say(*lines: str) -> None:
    """Print lines. Bytes of a file that are not UTF-8 are replaced."""
    for line in lines:
        print(line.encode(errors="replace").decode(), flush=True)


def ask(question: str) -> bool:
    """Return whether the user agrees. No answer is no."""
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print()
        return False


def complain(message: str) -> None:
    """Print an error."""
    sys.stdout.flush()
    print(f"setup-pi: {message}".encode(errors="replace").decode(), file=sys.stderr)
