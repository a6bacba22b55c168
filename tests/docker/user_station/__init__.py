"""Tests of the user station's files, against a real Elasticsearch where they need one."""
