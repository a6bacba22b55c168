"""Tests of the user station's feed."""
