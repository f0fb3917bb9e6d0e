"""The built-in model: rules over words and headers, offline and deterministic, in English, German and French."""
