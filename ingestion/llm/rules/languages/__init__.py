"""What the rules know of each language; one module of one shape per language."""

from ingestion.llm.rules.languages.english import ENGLISH
from ingestion.llm.rules.languages.french import FRENCH
from ingestion.llm.rules.languages.german import GERMAN
from ingestion.llm.rules.languages.vocabulary import Vocabulary

LANGUAGES: tuple[Vocabulary, ...] = (ENGLISH, GERMAN, FRENCH)

__all__ = ["ENGLISH", "FRENCH", "GERMAN", "LANGUAGES", "Vocabulary"]
