"""What other programs ask or tell over HTTP; each view parses, calls one function, and answers."""
