"""`serve` and `keys`: the search service and page over the published index, and who may call it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from base.clock import SystemClock
from base.errors import ConfigError
from base.extras import needs_extra
from cli.state import JsonFlag, err, out, print_json, settings_of
from jobs.query_encoder import query_encoder
from jobs.settings import Settings
from search.live import Live
from search.metrics import Metrics
from search.service import Service, ServiceOptions
from tenants.database import TenantDatabase
from tenants.keys import SCOPES, KeyRecord, make_key

LOOPBACK = ("127.0.0.1", "localhost", "::1")

keys_app = typer.Typer(no_args_is_help=True)


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's own need keys.")] = (
        LOOPBACK[0]
    ),
    port: Annotated[int, typer.Option(help="Port to listen on.", min=1, max=65_535)] = 8080,
    allowed_host: Annotated[
        list[str] | None, typer.Option(help="A name in the Host header to answer to; repeat for several.")
    ] = None,
    require_key: Annotated[bool, typer.Option("--require-key", help="Ask for an API key on this machine too.")] = False,
    audit_log: Annotated[bool, typer.Option("--audit-log", help="Keep which tenant searched what.")] = False,
    query_log: Annotated[
        bool, typer.Option("--query-log", help="Keep questions with candidates and features, for ranking models.")
    ] = False,
) -> None:
    """Serve the search API and the search page over the index in force; a newer one is swapped in as it comes."""
    settings = settings_of(ctx)
    database = _database(settings)
    needs_key = require_key or host not in LOOPBACK
    _check_keys(database, host, needs_key=needs_key)
    folder = settings.home / "serve"
    options = ServiceOptions(
        needs_key=needs_key,
        hosts=(*LOOPBACK, host, *(allowed_host or ())),
        audit_folder=folder if audit_log else None,
        query_folder=folder if query_log else None,
    )
    service = open_service(settings, database, options)
    with needs_extra("serve"):
        import uvicorn

        from search.web import create_app

        app = create_app(service)
    err.print(f"listening on http://{host}:{port}", markup=False)
    # Its access log would hold what people search for.
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)


def open_service(settings: Settings, database: TenantDatabase, options: ServiceOptions) -> Service:
    """The service over the index in force. Raises SnapshotError when nothing is published."""
    metrics = Metrics()
    model_dir = settings.embeddings.model_dir
    live = Live(settings.home / "snapshots", query_encoder(settings), model_dir=model_dir, watch=metrics.stage)
    return Service(live, database, options, metrics=metrics)


@keys_app.command("add")
def add_key(
    ctx: typer.Context,
    tenant: Annotated[str, typer.Argument(help="Who the key is for; notes, lists and hidden creators are theirs.")],
    scope: Annotated[list[str] | None, typer.Option(help=f"{', '.join(SCOPES)}; repeat for several.")] = None,
    days: Annotated[int | None, typer.Option(help="Days until it expires; default: never.", min=1)] = None,
) -> None:
    """Make a key and print it: it is shown once and cannot be shown again."""
    now = SystemClock().now()
    expires_at = None if days is None else now + timedelta(days=days)
    key, record = make_key(tenant, scope or ["search", "overlay"], now=now, expires_at=expires_at)
    _database(settings_of(ctx)).save_key(record)
    err.print(f"key {record.key_id} of {tenant}: {', '.join(record.scopes)}. Keep it now: only its hash is stored.")
    out.print(key, markup=False)


@keys_app.command("list")
def list_keys(ctx: typer.Context, json: JsonFlag = False) -> None:
    """Show every key ever made, without the keys themselves."""
    rows = list(_shown(_database(settings_of(ctx)).load_keys()))
    if json:
        print_json(rows)
        return
    table = Table("key", "tenant", "scopes", "made", "expires", "state")
    for row in rows:
        table.add_row(*(str(value or "") for value in row.values()))
    out.print(table)


@keys_app.command("revoke")
def revoke_key(ctx: typer.Context, key_id: Annotated[str, typer.Argument(help="As `keys list` shows it.")]) -> None:
    """Make a key open nothing from now on."""
    _database(settings_of(ctx)).revoke_key(key_id, now=SystemClock().now())
    out.print(f"key {key_id} is revoked")


def _shown(records: list[KeyRecord]) -> Iterator[dict[str, Any]]:
    now = SystemClock().now()
    for record in records:
        state = "revoked" if record.revoked_at else "valid" if record.is_valid(now) else "expired"
        yield {
            "key_id": record.key_id,
            "tenant_id": record.tenant_id,
            "scopes": " ".join(record.scopes),
            "created_at": record.created_at.isoformat(timespec="seconds"),
            "expires_at": record.expires_at and record.expires_at.isoformat(timespec="seconds"),
            "state": state,
        }


def _check_keys(database: TenantDatabase, host: str, *, needs_key: bool) -> None:
    now = SystemClock().now()
    if needs_key and not any(record.is_valid(now) for record in database.load_keys()):
        raise ConfigError(f"no valid API key, and {host} asks for one", hint="creatordex keys add TENANT")


def _database(settings: Settings) -> TenantDatabase:
    return TenantDatabase(Path(settings.home) / "serve" / "tenants.db")
