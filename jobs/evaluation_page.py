"""An evaluation as one self-contained page: a report in, HTML out; no script, no picture, no address outside."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: .5rem 0 2rem; }
th, td { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #ccc; }
.scale { position: relative; width: 24rem; height: 1rem; background: #eee; }
.scale i { position: absolute; top: 0; height: 1rem; }
.interval { background: #9bc4e2; }
.held { background: #00507a; width: 3px; }
.promised { background: #b34700; width: 3px; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def evaluation_page(report: Mapping[str, Any]) -> str:
    """The report of `assess_identity` as HTML. What comes from a truth file is escaped."""
    sections = "".join(
        _section(name, found) for name, found in report.items() if isinstance(found, (list, dict)) and found
    )
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>Who is who, evaluated</title><style>{STYLE}</style></head>"
        f"<body><h1>Who is who, against {escape(str(report['against']))}</h1>{sections}</body></html>\n"
    )


def _section(name: str, found: Any) -> str:
    rows = [found] if isinstance(found, dict) else found
    drawn = _calibration(rows) if name == "calibration" else _table(rows)
    return f"<section><h2>{escape(name.replace('_', ' '))}</h2>{drawn}</section>"


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    head = "".join(f"<th>{escape(column.replace('_', ' '))}</th>" for column in rows[0])
    body = "".join("<tr>" + "".join(f"<td>{_cell(value)}</td>" for value in row.values()) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def _calibration(rows: Sequence[Mapping[str, Any]]) -> str:
    """A bar from 0 to 1 per tenth: the interval of what held, what held (blue), what was promised (orange)."""
    lines = "".join(
        f"<tr><td>{_cell(row['promised'])}</td><td><div class=scale>{_marks(row)}</div></td>"
        f"<td>{_cell(row['held'])}</td><td>{row['pairs']}</td></tr>"
        for row in rows
    )
    return f"<table><tr><th>promised</th><th>0 to 1</th><th>held</th><th>pairs</th></tr>{lines}</table>"


def _marks(row: Mapping[str, Any]) -> str:
    interval = f'<i class="interval" style="left:{row["low"]:.1%};width:{row["high"] - row["low"]:.1%}"></i>'
    marks = (f'<i class="{name}" style="left:{row[name]:.1%}"></i>' for name in ("promised", "held"))
    return interval + "".join(marks)


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    return f"{value:.4f}" if isinstance(value, float) else escape(str(value))
