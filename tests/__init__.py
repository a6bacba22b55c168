"""Tests of ANAVI Weather."""
