"""Understands mail with a language model: the protocol, the models, their prompts, the record of calls."""
