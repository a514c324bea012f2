"""Why two accounts are, may be, or are not one creator's, as one page that loads nothing and can be passed on."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

from jobs.night_summary import PairShown
from jobs.report_page import pair_card, whole_page


def write_pair_page(path: Path, pair: PairShown) -> Path:
    """Write the page of a pair; replaces an older one whole."""
    draft = path.with_name(path.name + ".draft")
    draft.write_text(pair_page(pair), encoding="utf-8")
    draft.replace(path)
    return path


def pair_page(pair: PairShown) -> str:
    """The whole page as HTML. Each number stands in its `data` element as it was added up, to the last bit."""
    title = f"{pair.explanation.left} and {pair.explanation.right}: {pair.explanation.triage.value}"
    because = "; ".join(pair.explanation.proposed_because) or "no rule proposed it"
    body = (
        f'<h1><bdi>{escape(title)}</bdi></h1><p class="soft">Compared because: <bdi>{escape(because)}</bdi></p>'
        f'<section><div class="card">{pair_card("Evidence", pair)}</div></section>'
        f"<section><h2>The sum</h2>{_sum(pair)}</section>"
    )
    return whole_page(title, body)


def _sum(pair: PairShown) -> str:
    rows = "".join(
        f'<tr class="{kind}"><td>{escape(name.replace("_", " "))}</td><td><bdi>{escape(detail)}</bdi></td>'
        f'<td class="n"><data value="{bits!r}">{bits:+.2f}</data></td></tr>'
        for kind, name, detail, bits in _summands(pair)
    )
    head = "<tr><th>what</th><th>found</th><th>bits</th></tr>"
    return f'<div class="scroll"><table>{head}{rows}</table></div>'


def _summands(pair: PairShown) -> Iterator[tuple[str, str, str, float]]:
    found = pair.explanation
    yield "summand", "prior", "before any evidence", found.prior_bits
    for step in found.evidence:
        yield "summand", step.comparison, step.detail, step.weight_bits
    yield "total", "match weight", f"probability {found.match_probability:.6f}; {found.reason}", found.match_weight_bits
