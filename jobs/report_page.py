"""A night as one self-contained page: plain values in, `report.html` out; no script, no address outside the file.

Every chart has its numbers in a table below it. Whatever came from an account is escaped and isolated, so that a
bio can neither become markup nor turn the direction of the text around it.
"""

from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path

from jobs.charts import Cell, Figure, bar_chart, calibration_chart, histogram, number, stacked_bars, waterfall
from jobs.night_summary import AccountShown, CreatorCard, NightSummary, PairShown, SearchShown

SHOWN_NICHES = 25
SHOWN_REASONS = 12
WELL_COVERED, HALF_COVERED = 0.9, 0.5

STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


def write_report(path: Path, night: NightSummary) -> Path:
    """Write the page of a night; replaces an older one whole."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(report_page(night), encoding="utf-8")
    draft.replace(path)
    return path


def report_page(night: NightSummary) -> str:
    """The whole page as HTML."""
    sections = (
        ("The night", _table(("stage", "counted", "seconds", "paid"), _stage_rows(night))),
        ("Who is who", _grid(_identity_figures(night)) + _cards(_pair_cards(night))),
        ("What they are about", _grid(_label_figures(night)) + _cards(_creator_cards(night.card))),
        ("What arrived", _grid(_delivery_figures(night)) + _coverage(night.coverage)),
        ("The gate", _table(("measured", "value"), [(name, _plain(value)) for name, value in night.gate.items()])),
        ("Asked of the index", _cards(map(_search_card, night.searches))),
    )
    body = "".join(f"<section><h2>{title}</h2>{content}</section>" for title, content in sections if content)
    title = f"Night of {night.as_of:%Y-%m-%d %H:%M} UTC"
    lead = f'<h1>{title}</h1><p class="soft">Run {_words(night.run_id)}, exit code {night.exit_code}</p>'
    return whole_page(title, f"{lead}{_tiles(night)}{body}")


def whole_page(title: str, body: str) -> str:
    """A page that stands by itself and loads nothing. title: plain text; body: markup."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>{body}</body></html>\n"
    )


def _tiles(night: NightSummary) -> str:
    creators = sum(night.creators_by_size.values())
    labelled = creators - night.niches.get("other", 0) if night.niches else 0
    tiles = {
        "accounts": number(sum(night.accounts_by_platform.values())),
        "creators": number(creators),
        "creators with several accounts": number(creators - night.creators_by_size.get(1, 0)),
        "creators with a niche": f"{100 * labelled / creators:.0f}%" if creators else "none",
        "pairs held for review": number(sum(night.pairs_by_weight.get("review", ()))),
        "seconds": f"{sum(stage.seconds for stage in night.stages):.1f}",
    }
    drawn = (f'<div class="tile"><b>{value}</b>{name}</div>' for name, value in tiles.items())
    return f'<div class="tiles">{"".join(drawn)}</div>'


def _stage_rows(night: NightSummary) -> list[tuple[Cell, ...]]:
    rows: list[tuple[Cell, ...]] = [
        (
            _spaced(stage.stage),
            ", ".join(f"{_spaced(name)} {number(n)}" for name, n in stage.counts.items()),
            round(stage.seconds, 1),
            _dollars(stage.paid_usd),
        )
        for stage in night.stages
    ]
    seconds, paid = (sum(getattr(stage, name) for stage in night.stages) for name in ("seconds", "paid_usd"))
    return [*rows, ("together", "", round(seconds, 1), _dollars(paid))]


def _dollars(amount: float) -> str:
    return f"${amount:,.4f}" if amount else "nothing"


def _identity_figures(night: NightSummary) -> Iterable[Figure]:
    sizes = {f"{size} account{'s' if size > 1 else ''}": count for size, count in night.creators_by_size.items()}
    yield bar_chart("Creators by number of accounts", "How many accounts stand behind one creator.", sizes, name="size")
    yield histogram(
        "Match weights", "Compared pairs by weight in bits: below the bands apart, above them one creator.",
        night.weight_bins, night.pairs_by_weight, unit="bits",
    )  # fmt: skip
    yield bar_chart(
        "Why pairs were compared", "Candidate pairs by the rule that proposed them; a pair may have several.",
        {_spaced(rule): count for rule, count in night.pairs_by_rule.items()}, name="rule",
    )  # fmt: skip
    yield bar_chart(
        "What merges rest on", "Links that hold creators together, each counted once, by its strongest reason.",
        {_spaced(reason): count for reason, count in night.merges_by_evidence.items()}, name="reason",
    )  # fmt: skip
    if night.truth_scores:
        shares = {_spaced(name): 100 * value for name, value in night.truth_scores.items()}
        yield bar_chart("Against the truth", "The generator knows who is who; the engine did not.", shares, unit="%")
    if night.calibration:
        yield calibration_chart(
            "Is a probability kept?", "Match probability promised, and share of those pairs that are one creator.",
            night.calibration,
        )  # fmt: skip


def _label_figures(night: NightSummary) -> Iterable[Figure]:
    niches = dict(list(night.niches.items())[:SHOWN_NICHES])
    yield bar_chart(
        "Niches", "Creators by primary niche; “other” where the evidence was too thin.", niches, name="niche"
    )
    yield bar_chart("Confidence of the labels", "How sure the label is.", night.confidences, name="confidence")


def _delivery_figures(night: NightSummary) -> Iterable[Figure]:
    yield bar_chart("Accounts by platform", "Live accounts.", night.accounts_by_platform, name="platform")
    buckets = {p: {_spaced(bucket): n for bucket, n in counts.items()} for p, counts in night.activity.items()}
    yield stacked_bars(
        "Activity", "How often accounts are due, from the time of their latest content.", buckets, name="platform"
    )
    reasons = dict(list(night.rejections.items())[:SHOWN_REASONS])
    if reasons:
        yield bar_chart("Rejected rows", "Rows that could not be taken, by reason.", reasons, name="reason")


def _pair_cards(night: NightSummary) -> Iterable[str]:
    if night.merge:
        yield pair_card("Merged, and why", night.merge)
    if night.held:
        yield pair_card("Held for a person, and why", night.held)


def pair_card(title: str, pair: PairShown) -> str:
    """Two accounts, the waterfall between them, and the reasons as words."""
    found = pair.explanation
    steps = [("prior", found.prior_bits), *((step.comparison, step.weight_bits) for step in found.evidence)]
    verdict = f"Probability {found.match_probability:.4f}: {found.triage}."
    chart = waterfall(
        f"Match weight {found.match_weight_bits:+.1f} bits", verdict,
        [(_spaced(name), bits) for name, bits in steps], total="match weight", unit="bits",
    )  # fmt: skip
    reasons = [*(step.detail for step in found.evidence if step.weight_bits), *found.quotes, found.reason]
    listed = "".join(f"<li>{_words(reason)}</li>" for reason in reasons)
    return f"<h3>{title}</h3>{_account(pair.left)}{_account(pair.right)}{_figure(chart)}<ul>{listed}</ul>"


def _creator_cards(card: CreatorCard | None) -> Iterable[str]:
    if card is not None:
        accounts = "".join(map(_account, card.accounts))
        label = " · ".join(filter(None, (card.niche, card.confidence and f"confidence {card.confidence}")))
        yield f"<h3>{_words(card.name)}</h3><p>{_words(label)}<br>{_words(card.summary or '')}</p>{accounts}"


def _account(account: AccountShown) -> str:
    followers = "followers hidden" if account.followers is None else f"{number(account.followers)} followers"
    name = f"<b>{_words(account.name or account.handle or account.account_key)}</b>"
    where = f"{_words(account.platform)} · {_words(account.handle or account.account_key)} · {followers}"
    return f'<blockquote>{name} <span class="soft">{where}</span><br>{_words(account.bio or "no bio")}</blockquote>'


def _search_card(search: SearchShown) -> str:
    hits = "".join(
        f"<li><b>{_words(hit.name)}</b> {hit.score:.3f}<br>"
        f'<span class="soft">{"; ".join(map(_words, hit.reasons))}</span></li>'
        for hit in search.hits
    )
    return f"<h3>“{_words(search.query)}”</h3>" + (f"<ol>{hits}</ol>" if hits else "<p>Nothing found.</p>")


def _coverage(coverage: Mapping[str, Mapping[str, float]]) -> str:
    """Source × field: the share of accounts that have it, in words and shade."""
    fields = list(dict.fromkeys(name for row in coverage.values() for name in row))
    head = "".join(f'<th class="n">{_spaced(name)}</th>' for name in fields)
    rows = "".join(
        f"<tr><td>{_words(source)}</td>{''.join(_share_cell(row.get(name, 0.0)) for name in fields)}</tr>"
        for source, row in coverage.items()
    )
    table = f'<div class="scroll"><table><tr><th>source</th>{head}</tr>{rows}</table></div>'
    return f'<div class="card"><h3>Coverage: share of accounts with each field</h3>{table}</div>' if coverage else ""


def _share_cell(share: float) -> str:
    shade = "full" if share >= WELL_COVERED else "half" if share >= HALF_COVERED else "low"
    return f'<td class="n {shade}">{100 * share:.0f}%</td>'


def _grid(figures: Iterable[Figure]) -> str:
    return f'<div class="grid">{"".join(map(_figure, figures))}</div>'


def _figure(figure: Figure) -> str:
    caption = f"<figcaption>{_words(figure.title)}<span>{_words(figure.description)}</span></figcaption>"
    numbers = f"<details><summary>Numbers</summary>{_table(figure.columns, figure.rows)}</details>"
    return f"<figure>{caption}{figure.svg}{numbers}</figure>"


def _cards(contents: Iterable[str]) -> str:
    cards = "".join(f'<div class="card">{content}</div>' for content in contents)
    return f'<div class="grid">{cards}</div>' if cards else ""


def _table(columns: Iterable[str], rows: Iterable[Iterable[Cell]]) -> str:
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in rows)
    head = "".join(f"<th>{_words(_spaced(column))}</th>" for column in columns)
    return f'<div class="scroll"><table><tr>{head}</tr>{body}</table></div>' if body else ""


def _cell(value: Cell) -> str:
    if isinstance(value, int | float):
        return f'<td class="n">{number(value)}</td>'
    return f"<td>{_words(value or '')}</td>"


def _words(text: str) -> str:
    return f"<bdi>{escape(text)}</bdi>"


def _spaced(name: str) -> str:
    return name.replace("_", " ")


def _plain(value: object) -> Cell:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str | int | float) else str(value)
