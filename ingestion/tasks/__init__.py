"""One job per file; importing this package registers them all."""
