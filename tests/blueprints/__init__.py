"""Tests of the blueprints: Home Assistant loads each, and its automation does what it promises and nothing else."""
