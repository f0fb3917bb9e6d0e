"""Tells operators what is wrong: each thing once, again only after a while, never a flood."""
