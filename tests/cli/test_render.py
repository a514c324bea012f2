"""What the terminal shows: the same numbers as the manifest, and strangers' words never read as markup."""

import dataclasses
import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console

import cli.render as render
from cli.render import PlainProgress, creator_card, explanation_lines, pair_panel, progress_reporter, stage_table
from identity.explain import Evidence, PairExplanation
from identity.triage import Thresholds, Triage
from jobs.manifest import manifest_content
from jobs.night_summary import AccountShown, CreatorCard, PairShown
from jobs.report import JobReport
from jobs.runner import RunResult

ANN = AccountShown("youtube:1", "youtube", "ann", "Ann", "Bread", 12_000)
PAIR = PairExplanation(
    left="instagram:7", right="youtube:1", prior_bits=-9.5,
    evidence=(Evidence("handle_name", "exact", 12.25, "the same handle"), Evidence("site", "else", -1.0, "no site")),
    match_weight_bits=1.75, match_probability=0.77, triage=Triage.REVIEW, reason="1.8 bits put it in review",
    proposed_because=("both use the same handle",), quotes=(), thresholds=Thresholds(link_bits=4, review_bits=-2),
)  # fmt: skip


def shown(thing: object) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    console.print(thing)
    return console.file.getvalue()


def test_the_stage_table_shows_the_counts_of_the_manifest():
    """GOV-11: what a person sees at the end of a night is what the manifest keeps."""
    report = JobReport("embed_accounts", {"embedded": 51234, "reused": 7})
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    result = RunResult("r", moment, 0, [report], {"embed_accounts": 2.5}, Path("r"), resumed=False)
    kept = manifest_content("nightly", moment, {}, result.reports, {}, {})["stages"][0]["counts"]
    table = shown(stage_table(result)).replace("51\xa0234", "51234")
    assert all(f"{name} {amount}" in table for name, amount in kept.items())
    assert "2.5" in table


def test_the_steps_and_the_sum_of_a_pair_are_shown_in_bits():
    text = "".join(shown(line) for line in explanation_lines(PAIR))
    assert [word for word in ("-9.5", "+12.2", "-1.0", "+1.8", "review") if word not in text] == []


def test_a_name_that_looks_like_markup_is_printed_as_it_is():
    hostile = "[red]ann[/red] [link=file:///]x"
    account = dataclasses.replace(ANN, name=hostile, handle=hostile, bio=hostile)
    card = CreatorCard("cr_1", hostile, None, None, hostile, (account,))
    explained = dataclasses.replace(
        PAIR, evidence=(Evidence("site", "else", 1.0, hostile),), quotes=(hostile,), reason=hostile
    )
    for thing in (creator_card(card), pair_panel("held", PairShown(account, account, explained))):
        assert "[red]ann[/red]" in shown(thing)


def test_followers_a_platform_hides_are_not_shown_as_zero():
    card = CreatorCard("cr_1", "Ann", "food", "high", "", (dataclasses.replace(ANN, followers=None),))
    assert "hidden" in shown(creator_card(card))


def test_where_nobody_watches_a_stage_says_little(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    now = [0.0]
    monkeypatch.setattr(render.time, "monotonic", lambda: now[0])
    progress = PlainProgress()
    for second in range(61):
        now[0] = float(second)
        progress("embed_accounts", second, 100)
    progress("embed_accounts", 100, 100)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(",")[0] for line in lines] == [f"embed_accounts: {done} of 100" for done in (0, 30, 60, 100)]


def test_a_pipe_gets_plain_lines_and_data_stays_off_it(capsys: pytest.CaptureFixture[str]):
    with progress_reporter() as progress:
        progress("ingest_accounts", 1, 1)
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "\x1b" not in captured.err
