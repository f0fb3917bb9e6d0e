"""Language models behind HTTP, through pydantic-ai (the extra `llm`); loaded at the first call."""
