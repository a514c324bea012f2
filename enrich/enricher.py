"""The labeller that asks a language model: what it is, for planning and for its rows; who asks is `conversation.py`."""

from enrich.dossier import build_dossier
from enrich.labeller import Provenance
from enrich.questions import Questions
from enrich.subjects import Subject
from enrich.taxonomy import Taxonomy
from prompts.catalog import Prompt


class Enricher:
    """One model under one prompt version."""

    provenance: Provenance = "llm"

    def __init__(self, model: str, prompt: Prompt, taxonomy: Taxonomy) -> None:
        """model: id with effort."""
        self.questions = Questions(model, prompt, taxonomy)
        self.model = model
        self.prompt_version: str | None = prompt.version
        self.recipe = self.questions.recipe

    def input_fingerprint(self, subject: Subject) -> str:
        return build_dossier(subject).input_fingerprint
