"""One module per peer, in its natural style; each runs in the peer's own environment."""
