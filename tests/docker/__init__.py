"""Tests of the containers, and of the script that prepares a Pi for them."""
