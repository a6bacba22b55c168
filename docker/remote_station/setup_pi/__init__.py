"""Preparation of a Raspberry Pi for a remote station. Needs only Python 3.11, which Raspberry Pi OS Bookworm has."""
