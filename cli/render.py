"""How results look in a terminal: values in, rich tables out. Nothing here reads a store or decides anything.

Names and bios come from strangers: they are printed as `Text`, never read as markup.
"""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Group
from rich.panel import Panel
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from base.text import shorten
from cli.state import err
from jobs.charts import number
from jobs.context import Progress as Report
from jobs.explain_creator import CreatorExplanation
from jobs.night_summary import AccountShown, CreatorCard, PairExplanation, PairShown, SearchShown
from jobs.runner import RunResult

BAR_CHARACTERS = 20
PLAIN_SECONDS = 30  # between two lines of one stage where nobody watches: cron, CI


@contextmanager
def progress_reporter() -> Iterator[Report]:
    """What jobs call as they go on: bars on a terminal, one plain line per stage and half minute elsewhere (stderr)."""
    if not err.is_terminal:
        yield PlainProgress()
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description:<18}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bars:
        yield BarProgress(bars)


class BarProgress:
    """One bar per stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task_of: dict[str, int] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        if stage not in self._task_of:
            self._task_of[stage] = self._bars.add_task(stage.replace("_", " "), total=total)
        self._bars.update(self._task_of[stage], completed=done, total=total)  # type: ignore[arg-type]


class PlainProgress:
    """A line when a stage begins and ends, and every half minute in between."""

    def __init__(self) -> None:
        self._began: dict[str, float] = {}
        self._next: dict[str, float] = {}

    def __call__(self, stage: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        began = self._began.setdefault(stage, now)
        finished = total is not None and done >= total
        if not finished and now < self._next.get(stage, 0.0):
            return
        self._next[stage] = now + PLAIN_SECONDS
        of = f" of {total}" if total is not None else ""
        sys.stderr.write(f"{stage}: {done}{of}, {now - began:.0f} s\n")


def stage_table(result: RunResult) -> Table:
    """One line per stage: what it counted, as in the manifest, and how long it took."""
    table = Table("stage", "counted", box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("seconds", justify="right")
    for report in result.reports:
        counts = ", ".join(f"{name.replace('_', ' ')} {number(amount)}" for name, amount in report.counts.items())
        if report.paid_usd:
            counts += f", paid ${report.paid_usd:,.4f}"
        table.add_row(report.stage.replace("_", " "), counts, f"{result.seconds[report.stage]:.1f}")
    table.add_row("together", "", f"{sum(result.seconds.values()):.1f}", style="bold")
    return table


def aligned(lines: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines in columns, numbers to the right, never cut to the width of a terminal.

    >>> list(aligned([("for", "calls"), ("text", "12")]))
    ['for   calls', 'text     12']
    """
    widths = [max(len(line[place]) for line in lines) for place in range(len(lines[0]))]
    for line in lines:
        cells = (
            f"{cell:>{width}}" if _is_figure(lines[-1][place]) else f"{cell:<{width}}"
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def _is_figure(cell: str) -> bool:
    return cell.lstrip("$-")[:1].isdigit()


def creator_card(card: CreatorCard) -> Panel:
    """A creator with what it is about and the accounts behind it."""
    about = Text.assemble(
        (card.niche or "no label", "bold"), f" · confidence {card.confidence}" if card.confidence else ""
    )
    summary = Text(card.summary or "", style="italic")
    return Panel(
        Group(about, summary, Text(""), _account_table(card.accounts)),
        title=Text(f"{card.name}  {card.creator_id}"),
        title_align="left",
    )


def creator_lines(found: CreatorExplanation) -> Iterator[Table | Text]:
    """A creator from its accounts to its relations, with the waterfall of every link that built it."""
    yield Text(f"{found.name}  {found.creator_id}", style="bold")
    if found.asked_id != found.creator_id:
        yield Text(f"{found.asked_id} is retired; {found.creator_id} answers for it")
    yield _account_table(found.accounts)
    for place, step in enumerate(found.steps, start=1):
        by = "evidence" if step.judgement is None else f"{step.judgement.reviewer}'s verdict"
        yield Text(f"\n{place}. {step.left} and {step.right}, joined by {by}", style="bold")
        yield from explanation_lines(step.explanation)
    if found.steps_left_out:
        yield Text(f"and {found.steps_left_out} links more")
    yield from _titled(
        "relations",
        [f"{one.source} {one.kind} {one.target} ({one.other_creator_id}): {one.detail}" for one in found.relations],
    )
    yield from _titled(
        "judgements",
        [
            f"{one.decided_at:%Y-%m-%d} {one.reviewer}: {one.left} and {one.right} {one.verdict.value}"
            + (f", {one.note}" if one.note else "")
            for one in found.judgements
        ],
    )
    yield from _titled("worth a second look", found.second_looks)
    yield from _titled("labels", found.labels)
    yield from _titled("former ids", found.former_ids)


def _titled(title: str, lines: Sequence[str]) -> Iterator[Text]:
    if lines:
        yield Text(f"\n{title}", style="bold")
        yield from (Text(f"  {line}") for line in lines)


def _account_table(shown: Sequence[AccountShown]) -> Table:
    accounts = Table("platform", "handle", "name", box=None, padding=(0, 2, 0, 0), header_style="dim")
    accounts.add_column("followers", justify="right", header_style="dim")
    for account in shown:
        followers = "hidden" if account.followers is None else number(account.followers)
        accounts.add_row(account.platform, Text(account.handle or ""), Text(account.name or ""), followers)
    return accounts


def search_table(search: SearchShown) -> Table:
    """A question and its first answers, each with its score and the reasons for it."""
    table = Table(
        box=None, padding=(0, 2, 0, 0), show_header=False, title=Text(f"“{search.query}”"), title_justify="left"
    )
    for rank, hit in enumerate(search.hits, start=1):
        table.add_row(str(rank), Text(hit.name, style="bold"), f"{hit.score:.3f}", Text("; ".join(hit.reasons)))
    return table


def pair_panel(title: str, pair: PairShown) -> Panel:
    """Two accounts side by side with the sum of evidence between them."""
    sides = Table.grid(padding=(0, 2, 0, 0))
    for account in (pair.left, pair.right):
        sides.add_row(
            account.platform,
            Text(account.handle or "", style="bold"),
            Text(shorten(" ".join((account.bio or "no bio").split()), 60)),
        )
    return Panel(Group(sides, Text(""), *explanation_lines(pair.explanation)), title=title, title_align="left")


def explanation_lines(found: PairExplanation) -> list[Table | Text]:
    """Why two accounts are one creator or are not: prior and comparisons in bits, their sum, and the verdict."""
    steps = [("prior", found.prior_bits, "before any evidence")]
    steps += [(step.comparison, step.weight_bits, step.detail) for step in found.evidence if step.weight_bits]
    largest = max(abs(bits) for _, bits, _ in steps) or 1.0
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify)
    for name, bits, detail in steps:
        bar = "█" * round(BAR_CHARACTERS * abs(bits) / largest)
        table.add_row(
            name.replace("_", " "), f"{bits:+.1f}", Text(bar, style="green" if bits >= 0 else "red"), Text(detail)
        )
    total = f"bits, probability {found.match_probability:.4f}"
    table.add_row(
        "match weight", f"{found.match_weight_bits:+.1f}", Text(total), Text(found.triage.value), style="bold"
    )
    said = [Text(f"  {quote}", style="italic") for quote in found.quotes]
    because = (
        f"compared because {', '.join(found.proposed_because)}" if found.proposed_because else "no rule proposed it"
    )
    return [table, *said, Text(f"{because}; {found.reason}", style="dim")]
