"""Tests of the blueprints: Home Assistant loads each, and its automation does what it is for, and nothing else."""
