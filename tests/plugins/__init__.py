"""Fixtures and reports of the test suite."""
