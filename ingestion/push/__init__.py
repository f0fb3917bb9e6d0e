"""Notices of changes that providers send: asked for, renewed, verified, and turned into one sync."""
