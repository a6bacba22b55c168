"""Tests on a real kernel."""
