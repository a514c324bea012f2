"""`demo`: a generated corpus, a night over it, and what came out. No network, no key, no settings of yours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import RenderableType
from rich.table import Table

from base.errors import ConfigError
from cli.render import creator_card, pair_panel, progress_reporter, search_table, stage_table
from cli.state import err, out, settings_of
from corpus.generate import DEFAULT_ACCOUNTS, write_corpus
from corpus.payloads import CorpusFiles
from corpus.reference import REFERENCE
from jobs.night_summary import HitShown, NightSummary, SearchShown
from jobs.nightly import REPORT_PAGE, deliveries_of, run_night
from jobs.report_page import write_report
from jobs.runner import RunResult, inspecting
from jobs.score_identity import score_identity
from jobs.settings import Settings
from jobs.summarise_night import summarise_night
from search.explain import why
from search.searcher import Hit, SearchResult, open_snapshot

QUESTIONS = (
    "home workouts under 500k followers",
    "vegan recipes on instagram",
    "film photography between 10k and 200k",
)
SHOWN_HITS = 3
MEASURES = ("precision", "recall", "f1")


def demo(
    ctx: typer.Context,
    accounts: Annotated[int, typer.Option(help="How many accounts to invent.", min=50)] = DEFAULT_ACCOUNTS,
    home: Annotated[Path, typer.Option(help="Where the corpus and the night's results go.")] = Path("demo-data"),
) -> None:
    """Invent a corpus, run a night over it offline, and show what came out."""
    settings = settings_of(ctx, home=home, database_url=None, sources={}, llm={"provider": "offline"})
    err.print(f"inventing {accounts} accounts in {home / 'corpus'}", markup=False)
    files = _write_corpus(home / "corpus", accounts)
    deliveries = deliveries_of(settings, list(files.deliveries), source="demo")
    with progress_reporter() as progress:
        result = run_night(settings, deliveries, as_of=REFERENCE, progress=progress)
    night = _summarise(settings, result, _truth(files.truth), _ask(settings))
    page = write_report(result.folder / REPORT_PAGE, night)
    _show(night, result)
    out.print(f"\nThe same night as a page: {page}", markup=False)
    raise typer.Exit(result.exit_code)


def _write_corpus(folder: Path, accounts: int) -> CorpusFiles:
    """The same corpus as before if there is one; another size next to it would mix two truths."""
    truth = folder / "truth.parquet"
    if truth.is_file() and (found := pq.read_metadata(truth).num_rows) != accounts:
        raise ConfigError(f"{folder.parent} holds a demo of {found} accounts", hint="name another --home, or remove it")
    return write_corpus(folder, accounts)


def _truth(path: Path) -> pa.Table:
    truth = pq.read_table(path, columns=["account_key", "person_id"])
    return truth.rename_columns(["account_id", "creator_id"])


def _ask(settings: Settings) -> list[SearchResult]:
    searcher = open_snapshot(settings.home / "snapshots", model_dir=settings.embeddings.model_dir)
    return [searcher.search(question, limit=SHOWN_HITS) for question in QUESTIONS]


def _summarise(settings: Settings, result: RunResult, truth: pa.Table, answers: Sequence[SearchResult]) -> NightSummary:
    with inspecting(settings, result.as_of) as context:
        scored = score_identity(context, truth)
        scores = scored.evaluation.summary()
        return summarise_night(
            context,
            result,
            truth_scores={name: value for name, value in scores.items() if name.endswith(MEASURES)},
            calibration=scored.calibration,
            searches=[_shown(answer) for answer in answers],
        )


def _shown(answer: SearchResult) -> SearchShown:
    hits = (HitShown(hit.creator["name"], hit.score, (_sum(hit), *why(hit.explanation))) for hit in answer.hits)
    return SearchShown(answer.query.asked, tuple(hits))


def _sum(hit: Hit) -> str:
    """A score as the sum it is: words, meaning over all fields, quality."""
    parts = dict(hit.explanation.parts)
    words, quality = parts.pop("keyword"), parts.pop("quality")
    return f"{words:.2f} words + {sum(parts.values()):.2f} meaning + {quality:.2f} quality"


def _show(night: NightSummary, result: RunResult) -> None:
    _print("The night, stage by stage", stage_table(result))
    if night.card is not None:
        _print("One creator and its accounts", creator_card(night.card))
    if night.merge is not None:
        _print("One merge, in bits", pair_panel("merged", night.merge))
    if night.held is not None:
        _print("One pair that waits for a person", pair_panel("held for review", night.held))
    _print("Three searches", *(part for search in night.searches for part in (search_table(search), "")))
    _print("Against the truth, which the engine never saw", _scores(night))


def _print(title: str, *things: RenderableType) -> None:
    out.print(f"\n[bold]{title}[/bold]\n")
    for thing in things:
        out.print(thing, soft_wrap=False)


def _scores(night: NightSummary) -> Table:
    table = Table("", "precision", "recall", "f1", box=None, padding=(0, 2, 0, 0))
    for name, words in (("pair", "pairs of accounts"), ("b3", "accounts (B-cubed)")):
        scores = (night.truth_scores[f"{name}_{measure}"] for measure in MEASURES)
        table.add_row(words, *(f"{score:.3f}" for score in scores))
    return table
