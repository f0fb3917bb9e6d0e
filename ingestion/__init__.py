"""Ingestion: an application on the engine."""
