"""Tests of ir_codes."""
