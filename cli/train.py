"""train: weights from one's own data, and what they would change."""

from pathlib import Path
from typing import Annotated

import typer

from base.clock import SystemClock
from cli.state import AsOf, JsonFlag, err, out, parse_as_of, print_json, settings_of
from jobs.runner import inspecting
from jobs.train_model import Trained, train_file, train_stored, write_model

SHOWN_EVIDENCE = 3


def train(
    ctx: typer.Context,
    file: Annotated[
        Path | None, typer.Argument(help="Accounts as CSV, JSON Lines or Parquet; default: the store.")
    ] = None,
    out_file: Annotated[Path | None, typer.Option("--out", help="Where to write the model.")] = None,
    judgements: Annotated[Path | None, typer.Option(help="Decisions of people on the accounts of FILE.")] = None,
    model: Annotated[Path | None, typer.Option(help="The model to start from, for FILE.")] = None,
    thresholds_only: Annotated[
        bool, typer.Option("--thresholds-only", help="Keep the weights; let audited merges move the thresholds.")
    ] = False,
    preview: Annotated[
        bool, typer.Option("--preview", help="Say what the model would merge and split before it is used.")
    ] = False,
    limit: Annotated[int, typer.Option(help="Merges and splits listed by --preview.", min=0)] = 20,
    as_of: AsOf = None,
    json: JsonFlag = False,
) -> None:
    """Fit the weights to your own accounts and judgements; nothing uses the model until you say so."""
    settings = settings_of(ctx)
    shown = limit if preview else None
    if file is None:
        with inspecting(settings, parse_as_of(as_of)) as context:
            trained = train_stored(context, weights=not thresholds_only, shown=shown)
    else:
        trained = train_file(
            file, as_of=parse_as_of(as_of) or SystemClock().now(), judgements=judgements,
            model=model or settings.identity.model, precision=settings.identity.precision,
            memory_limit=settings.memory_limit, weights=not thresholds_only, shown=shown,
        )  # fmt: skip
    if out_file is not None:
        write_model(out_file, trained.model)
    _show(trained, out_file, json)


def _show(trained: Trained, out_file: Path | None, json: bool) -> None:
    if json:
        print_json([trained.summary()])
        return
    for name, value in trained.model.provenance.items():
        out.print(f"{name.replace('_', ' '):20} {value}", markup=False)
    for one in trained.raises:
        if one.audited:
            out.print(
                f"precision {one.precision}: {one.right} of {one.audited} audited merges right "
                f"({one.low:.3f} to {one.high:.3f}), raised by {one.raised_bits} bits",
                markup=False,
            )
    _show_preview(trained)
    if out_file is not None:
        err.print(f'wrote {out_file}; to use it: identity.model = "{out_file}"', markup=False)


def _show_preview(trained: Trained) -> None:
    found = trained.preview
    if found is None:
        return
    out.print(f"would merge {found.merges}, split {found.splits}, move {found.accounts_moved} accounts", markup=False)
    for pair in found.pairs:
        weight = "not compared" if pair["match_weight_bits"] is None else f"{pair['match_weight_bits']:+.1f} bits"
        reasons = "; ".join(f"{label} {bits:+.1f}" for label, bits in pair["evidence"][:SHOWN_EVIDENCE])
        out.print(f"{pair['change']:6} {pair['left']}  {pair['right']}  {weight}  {reasons}", markup=False)
