"""Tests that start a real Home Assistant, as a person would."""
