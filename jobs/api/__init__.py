"""The REST API: endpoints parse, call one function of operations or queries, and answer with plain values."""
