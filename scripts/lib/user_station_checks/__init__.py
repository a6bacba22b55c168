"""Checks of a running user station. They read, and write nothing but one line of a log."""
