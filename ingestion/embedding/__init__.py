"""Texts as vectors, so that what means the same lies near: hashed n-grams offline, or a model over HTTP."""
