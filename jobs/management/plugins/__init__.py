"""Verbs that the engine adds to commands; each module is named after its command."""
