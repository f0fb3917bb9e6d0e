"""Benchmarks: Daybook and its peers side by side, interleaved in one run, on whatever machine it runs."""
