"""`search` and `snapshot`: ask the published index, and look after its versions."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from base.text import compact_count
from cli.state import JsonFlag, err, out, print_json, settings_of
from jobs.keep_snapshots import list_snapshots, roll_back_snapshot, unpin_snapshot, verify_snapshot
from jobs.mirror_snapshots import pull_snapshot, push_snapshot
from jobs.query_encoder import query_encoder
from search.explain import why
from search.parse import parse_count
from search.searcher import Hit, SearchResult, open_snapshot

BAR_CELLS = 16
WORD_COLOUR, BIO_COLOUR, CONTENT_COLOUR, QUALITY_COLOUR = "green", "blue", "cyan", "yellow"

AnyOf = list[str] | None
snapshot_app = typer.Typer(no_args_is_help=True)


def search(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(help='What to look for, e.g. "home workouts under 500k followers".')],
    platform: Annotated[AnyOf, typer.Option(help="On one of these platforms; repeat for several.")] = None,
    niche: Annotated[AnyOf, typer.Option(help="Primary or secondary niche id, e.g. fitness.")] = None,
    min_followers: Annotated[str | None, typer.Option(help="At least so many followers: 10k, 0.5M, 500,000.")] = None,
    max_followers: Annotated[str | None, typer.Option(help="At most so many followers.")] = None,
    language: Annotated[AnyOf, typer.Option(help="ISO 639-1 code, e.g. es.")] = None,
    country: Annotated[AnyOf, typer.Option(help="ISO 3166-1 code, e.g. DE.")] = None,
    style: Annotated[AnyOf, typer.Option(help="Content style id.")] = None,
    limit: Annotated[int, typer.Option(help="How many creators.", min=1, max=1_000)] = 10,
    json: JsonFlag = False,
) -> None:
    """Find creators by words and meaning in the published index, each with the reasons for its rank."""
    settings = settings_of(ctx)
    encoder = query_encoder(settings)
    searcher = open_snapshot(settings.home / "snapshots", encoder, model_dir=settings.embeddings.model_dir)
    result = searcher.search(
        text,
        limit=limit,
        platform=platform,
        niche=niche,
        min_followers=None if min_followers is None else parse_count(min_followers),
        max_followers=None if max_followers is None else parse_count(max_followers),
        language=language,
        country=country,
        style=style,
    )
    if json:
        print_json(_lines(result))
    else:
        print_result(result)


def print_result(result: SearchResult) -> None:
    """The ranked creators as a table on stdout; how the question was read, on stderr."""
    err.print(Text(_summary(result), style="dim"))
    if result.hits:
        out.print(result_table(result))


def result_table(result: SearchResult) -> Table:
    """One row per hit: who, how many follow, the score with its parts, and why."""
    table = Table(show_lines=True, caption=Text.from_markup(_legend()), caption_justify="left")
    table.add_column("#", justify="right")
    table.add_column("creator", overflow="fold", ratio=3)
    table.add_column("followers", justify="right")
    table.add_column("score", no_wrap=True)
    table.add_column("summary and why", overflow="fold", ratio=5)
    for hit in result.hits:
        table.add_row(str(hit.rank), _who(hit), _followers(hit), _score(hit), Group(*_reasons(hit)))
    return table


@snapshot_app.command("list")
def list_command(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Show the versions of the index that are kept."""
    listed = list_snapshots(settings_of(ctx).home / "snapshots")
    if json:
        print_json(asdict(entry) for entry in listed)
        return
    table = Table("version", "creators", "as of", "snapshot", "state")
    for entry in listed:
        table.add_row(str(entry.version), f"{entry.creators:,}", entry.as_of[:16], entry.snapshot_id[:16], entry.state)
    out.print(table)


@snapshot_app.command("verify")
def verify_command(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Version number; default: the one in force.")] = None,
) -> None:
    """Read a version back and compare every file with its manifest."""
    number, files = verify_snapshot(settings_of(ctx).home / "snapshots", version)
    out.print(f"version {number}: {files} files agree with the manifest")


@snapshot_app.command("rollback")
def rollback_command(
    ctx: typer.Context,
    version: Annotated[int | None, typer.Argument(help="Version number to go back to.")] = None,
    unpin: Annotated[
        bool, typer.Option("--unpin", help="Take the pin away: the newest version is in force again.")
    ] = False,
) -> None:
    """Put an older version in force and pin it: publishing adds versions, but this one stays until --unpin."""
    root = settings_of(ctx).home / "snapshots"
    if (version is None) != unpin:
        raise typer.BadParameter("give either a version or --unpin")
    if version is None:
        out.print(f"version {unpin_snapshot(root)} is in force")
        return
    roll_back_snapshot(root, version)
    out.print(f"version {version} is in force and pinned")


@snapshot_app.command("push")
def push_command(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Folder or fsspec URL, e.g. s3://bucket/index.", metavar="URL")],
) -> None:
    """Send the version in force, and who was taken down, to a folder or URL that readers pull from."""
    pushed = push_snapshot(settings_of(ctx).home / "snapshots", url)
    out.print(f"version {pushed.version}: {pushed.files} files sent")


@snapshot_app.command("pull")
def pull_command(
    ctx: typer.Context,
    url: Annotated[str, typer.Argument(help="Folder or fsspec URL that a publisher pushes to.", metavar="URL")],
) -> None:
    """Fetch what is in force at a folder or URL, verify it, and put it in force here."""
    pulled = pull_snapshot(url, settings_of(ctx).home / "snapshots")
    out.print(f"version {pulled.version}: {pulled.files} files fetched")


def _lines(result: SearchResult) -> Iterator[dict[str, Any]]:
    for hit in result.hits:
        named = {"query": result.query.text, "version": result.version, "snapshot_id": result.snapshot_id}
        yield {**asdict(hit), **named, "config_fingerprint": result.config_fingerprint}


def _summary(result: SearchResult) -> str:
    read = f'looking for "{result.query.text}"' if result.query.text else "everybody, by quality"
    understood = "; ".join(result.query.understood)
    found = f"{result.total:,} creators in version {result.version}"
    return " · ".join(part for part in (read, understood, found) if part)


def _who(hit: Hit) -> Text:
    creator = hit.creator
    accounts = "\n".join(f"{account['platform']} {_handle(account)}" for account in creator["accounts"])
    return Text.assemble((creator["name"], "bold"), "\n", (accounts, "dim"))


def _handle(account: dict[str, Any]) -> str:
    return f"@{account['handle']}" if account["handle"] else account["account_key"].partition(":")[2]


def _followers(hit: Hit) -> str:
    total = hit.creator["followers_total"]
    return "hidden" if total is None else compact_count(total)


def _score(hit: Hit) -> Text:
    text = Text(f"{hit.score:.3f} ")
    for name, part in hit.explanation.parts.items():
        text.append("█" * round(part * BAR_CELLS), style=_colour(name))
    for name, part in hit.explanation.parts.items():
        text.append(f"\n{part:.3f} {name}", style=_colour(name))
    return text


def _reasons(hit: Hit) -> Iterator[Text]:
    creator = hit.creator
    if creator["summary"]:
        yield Text(creator["summary"])
    labels = [creator["primary_niche"], creator["content_style"], creator["language"], creator["country"]]
    provisional = "(provisional)" if creator["label_provenance"] == "offline" else None
    yield Text(" · ".join(label for label in [*labels, provisional] if label), style="magenta")
    yield Text(f"why: {'; '.join(why(hit.explanation))}", style="italic")


def _colour(part: str) -> str:
    fixed = {"keyword": WORD_COLOUR, "quality": QUALITY_COLOUR}
    return fixed.get(part, BIO_COLOUR if part.endswith("_bio") else CONTENT_COLOUR)


def _legend() -> str:
    return (
        f"[{WORD_COLOUR}]█ words[/] · meaning: [{BIO_COLOUR}]█ bio[/] [{CONTENT_COLOUR}]█ content[/] · "
        f"[{QUALITY_COLOUR}]█ quality[/]; the parts add up to the score"
    )
