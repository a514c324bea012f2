"""Source contracts: a vendor's file read by a small TOML, and nothing in it without effect."""

import io
from pathlib import Path

import pytest
from typer.testing import CliRunner

from base.errors import SourceError
from cli.contracts import contract_app
from ingest.contracts import (
    SourceContract,
    read_contract,
    template_contract,
    template_rows,
    vendor_rows,
)
from ingest.files import Payload
from ingest.records import AccountRecord, Entity
from ingest.validation import validate_file

NOW = 1_772_330_400_000_000
KINDS = ["accounts", "content"]


def records(text: bytes, contract: SourceContract | None) -> list[object]:
    return [
        each.record if isinstance(each, Entity) else each.reason
        for each in Payload(io.BufferedReader(io.BytesIO(text)), "a.csv", contract, NOW)  # type: ignore[arg-type]
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_the_templates_are_valid(kind: str, tmp_path: Path):
    """GOV-01: what `contract template` writes, `contract validate` takes."""
    (tmp_path / "ours.csv").write_text(template_rows(kind))  # type: ignore[arg-type]
    (tmp_path / "vendor.csv").write_text(vendor_rows(kind))  # type: ignore[arg-type]
    (tmp_path / "vendor.toml").write_text(template_contract(kind))  # type: ignore[arg-type]
    ours = validate_file(tmp_path / "ours.csv", None, NOW)
    vendor = validate_file(tmp_path / "vendor.csv", read_contract(tmp_path / "vendor.toml"), NOW)
    assert (ours.rejected, vendor.rejected) == (0, 0)
    assert ours.entities == 2
    assert vendor.entities == 2
    assert ours.ignored_columns == []


def test_a_contract_reads_columns_constants_numbers_dates_and_gaps():
    contract = SourceContract(
        kind="accounts",
        platform="ig",
        columns={"handle": "Account", "followers": "Fans", "created_at": "Joined", "bio": "About"},
        constants={"country": "DE"},
        null_tokens=["-"],
        thousands_separator=".",
        decimal_separator=",",
        number_suffixes=True,
        date_formats=["%d/%m/%Y"],
        encoding="cp1252",
        skip_rows=1,
    )
    text = "export\nAccount;Fans;Joined;About\nann;1,2M;01/04/2017;Crème\nbob;1.204;-;-\n".encode("cp1252")
    assert records(text, contract) == [
        AccountRecord(
            platform="instagram", handle="ann", followers=1_200_000, created_at="2017-04-01", bio="Crème", country="DE"
        ),
        AccountRecord(platform="instagram", handle="bob", followers=1204, created_at=None, bio=None, country="DE"),
    ]


def test_a_repeated_column_is_named_by_its_number():
    contract = SourceContract(kind="accounts", platform="zz", columns={"handle": "name.2"})
    assert records(b"name,name\nOven,ann\n", contract) == [AccountRecord(platform="zz", handle="ann")]


@pytest.mark.parametrize(
    ("toml", "mistake"),
    [
        ('kind = "accounts"\nplatfrom = "zz"\n[columns]\nhandle = "a"\n', "platfrom"),
        ('kind = "accounts"\nplatform = "zz"\n[columns]\nhandel = "a"\n', "handel"),
        ('kind = "accounts"\nplatform = "zz"\n[columns]\nbio = "a"\n', "platform_user_id or handle"),
        ('kind = "content"\nplatform = "zz"\n[columns]\nhandle = "a"\n', "platform_content_id"),
        ('kind = "accounts"\nplatform = "Z Z"\n[columns]\nhandle = "a"\n', "not a platform name"),
        ('kind = "accounts"\nplatform = "zz"\nencoding = "klingon"\n[columns]\nhandle = "a"\n', "klingon"),
        ("kind = ", "Invalid value"),
    ],
)
def test_a_mistake_in_a_contract_is_refused_by_name(toml: str, mistake: str, tmp_path: Path):
    """GOV-01: a misspelt key would be silently without effect."""
    path = tmp_path / "vendor.toml"
    path.write_text(toml)
    with pytest.raises(SourceError, match=mistake):
        read_contract(path)


def test_validation_names_row_field_reason_and_hint_and_what_is_filled(tmp_path: Path):
    """GOV-01, GOV-04."""
    path = tmp_path / "people.csv"
    path.write_text("platform,handle,followers,shoe size\nzz,ann,12,38\nzz,bob,many,40\nzz,eve,,41\n")
    validation = validate_file(path, None, NOW)
    (rejected,) = validation.rejections
    assert (rejected.line, rejected.field) == (3, "followers")
    assert "'many' is not a whole number" in rejected.reason
    assert rejected.hint
    present = {row["field"]: row["present"] for row in validation.coverage}
    assert (present["handle"], present["followers"], present["bio"]) == (1.0, 0.5, 0.0)
    assert validation.ignored_columns == ["shoe size"]


def test_the_command_shows_rejections_and_exits_with_3(tmp_path: Path):
    path = tmp_path / "people.csv"
    path.write_text("platform,handle,followers\nzz,ann,12\nzz,bob,many\n")
    run = CliRunner().invoke(contract_app, ["validate", str(path)])
    assert run.exit_code == 3
    assert "is not a whole number" in run.output
    assert CliRunner().invoke(contract_app, ["validate", str(path), "--max-rejected", "0.5", "--json"]).exit_code == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_prints_a_file_that_it_takes(kind: str, tmp_path: Path):
    printed = CliRunner().invoke(contract_app, ["template", kind, "--csv"])
    (tmp_path / "a.csv").write_text(printed.stdout)
    assert CliRunner().invoke(contract_app, ["validate", str(tmp_path / "a.csv")]).exit_code == 0
