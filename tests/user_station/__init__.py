"""Tests of forwarding to a user station."""
