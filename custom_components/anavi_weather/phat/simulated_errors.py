"""Errors of simulated devices."""

import os


def os_error(number: int) -> OSError:
    """Return the error with which a system call fails that sets errno to a number."""
    return OSError(number, os.strerror(number))
