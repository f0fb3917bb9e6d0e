"""Scheduling: from the rows operators edit to runs, each fire time exactly once."""
