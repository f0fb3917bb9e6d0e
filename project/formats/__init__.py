"""How dates are written; the module per language is what Django asks for."""
