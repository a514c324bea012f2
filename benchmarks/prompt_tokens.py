"""How many tokens a question is, by prompt version: the part that is the same for everyone, and a creator's own.

    python -m benchmarks.prompt_tokens

Exact when o200k_base is cached on this machine (TIKTOKEN_CACHE_DIR), else an estimate that says so; downloads nothing.
"""

from statistics import mean

from base.fingerprint import canonical_json
from enrich.dossier import build_dossier
from enrich.golden import load_golden
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from prompts.catalog import PROMPTS, load_prompt
from providers.tokens import load_token_counter

NAME = "creator_enrichment"


def main() -> None:
    counter = load_token_counter()
    print(f"tokens by {counter.token_source}")
    print(f"{'version':8} {'rules and taxonomy':>18} {'schema':>7} {'creator, mean':>14} {'creator, most':>14}")
    for path in sorted((PROMPTS / NAME).glob("v*.md")):
        version = path.stem.removeprefix("v")
        questions = Questions("any", load_prompt(NAME, version), load_taxonomy())
        own = [counter.count(questions.ask(build_dossier(creator.subject)).user) for creator in load_golden()]
        static, schema = counter.count(questions.system), counter.count(canonical_json(questions.schema))
        print(f"v{version:7} {static:18} {schema:7} {mean(own):14.0f} {max(own):14}")


if __name__ == "__main__":
    main()
