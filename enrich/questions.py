"""What is asked about one creator, and whether the answer will do: one prompt, one taxonomy, no provider.

`Questions.ask` makes the request, `judge` turns an answer into labels or mistakes, `ask_again` is the one repair.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from base.fingerprint import Recipe, canonical_json, fingerprint, sha256_hex
from enrich.dossier import Dossier
from enrich.grounding import ungrounded
from enrich.schema import CreatorLabels, answer_schema
from enrich.taxonomy import Niche, Taxonomy
from prompts.catalog import Prompt
from providers.llm import LLMRequest

MAX_OUTPUT_TOKENS = 300
ASK_AGAIN = "Your last answer was refused ({mistakes}). Answer again, by the same rules."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Labels that fit the schema and say only what the dossier says; or None, and what was wrong in our own words."""

    labels: CreatorLabels | None
    mistakes: tuple[str, ...] = ()


class Questions:
    """The questions of one prompt version to one model. What is the same for every creator is made once."""

    def __init__(self, model: str, prompt: Prompt, taxonomy: Taxonomy) -> None:
        """model: id with effort, as the recipe names it."""
        self.canary = f"ref-{prompt.sha256[:12]}"
        #: the static prefix, byte for byte the same for everyone
        values = {"canary": self.canary, **told(taxonomy)}
        self.system = prompt.render_system(**{name: values[name] for name in prompt.system_variables & values.keys()})
        self.schema = answer_schema(taxonomy)
        self._prompt, self._taxonomy = prompt, taxonomy
        self._prefix_hash = sha256_hex(canonical_json([model, self.system, self.schema]))
        options = {
            "prompt": prompt.sha256,
            "taxonomy": taxonomy.fingerprint,
            "schema": fingerprint(self.schema),
        }
        self.recipe = Recipe(model, f"{prompt.name}/v{prompt.version}", options)

    @property
    def static_bytes(self) -> int:
        """Of the rules and the schema."""
        return len(self.system.encode()) + len(canonical_json(self.schema).encode())

    def ask(self, dossier: Dossier) -> LLMRequest:
        """Rules and taxonomy first, then this creator's data between boundaries."""
        return self._request(self._prompt.render_user(boundary=dossier.boundary, dossier=dossier.text))

    def ask_again(self, request: LLMRequest, mistakes: Sequence[str]) -> LLMRequest:
        """The one repair. It names the mistakes and never repeats the answer: a bio may have written that."""
        return self._request(f"{request.user}\n{ASK_AGAIN.format(mistakes='; '.join(mistakes))}")

    def judge(self, text: str, dossier: Dossier) -> Verdict:
        """What an answer to `ask` or `ask_again` about this dossier is worth."""
        try:
            labels = CreatorLabels.model_validate_json(text, context=self._taxonomy)
        except ValidationError as error:
            return Verdict(None, tuple(_mistakes(error)))
        mistakes = ungrounded(labels, dossier, self.canary)
        return Verdict(None, tuple(mistakes)) if mistakes else Verdict(labels)

    def _request(self, user: str) -> LLMRequest:
        request_hash = sha256_hex(self._prefix_hash + user)
        return LLMRequest(self.system, user, self.schema, MAX_OUTPUT_TOKENS, request_hash)


def told(taxonomy: Taxonomy) -> dict[str, str]:
    """The taxonomy in the ways that prompts put it: `taxonomy`, all of it, or `niches`, `styles` and `kinds`.

    `niches` names the parts of a niche and leaves their definitions out: a third of the tokens.
    """
    styles = "\n".join(f"{style.id}: {style.definition}" for style in taxonomy.content_styles)
    kinds = "\n".join(f"{kind.id}: {kind.definition}" for kind in taxonomy.account_kinds)
    whole = "\n".join(
        f"{_defined(niche)}\n" + "\n".join(f"  {sub.id}: {sub.definition}" for sub in niche.sub)
        for niche in taxonomy.niches
    )
    return {
        "taxonomy": f"Niches\n{whole}\nContent styles\n{styles}\nAccount kinds\n{kinds}",
        "niches": "\n".join(f"{_defined(niche)} Parts: {_parts(niche)}." for niche in taxonomy.niches),
        "styles": styles,
        "kinds": kinds,
    }


def _defined(niche: Niche) -> str:
    return f"{niche.id}: {niche.definition} Not: {niche.excludes}"


def _parts(niche: Niche) -> str:
    return ", ".join(sub.id.removeprefix(f"{niche.id}.") for sub in niche.sub)


def _mistakes(error: ValidationError) -> list[str]:
    """The fields that are wrong. A surplus field is named by the model, so its name is not repeated."""
    fields = sorted({str(mistake["loc"][0]) if mistake["loc"] else "JSON" for mistake in error.errors()})
    return [f"invalid {field}" if field in CreatorLabels.model_fields else "not the schema" for field in fields]
