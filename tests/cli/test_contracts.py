"""Files are checked before they go in: a template is valid, and a bad row is named with its field and reason."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app


def creatordex(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.stdout


@pytest.mark.parametrize("kind", ["accounts", "content"])
def test_a_template_is_valid_by_its_own_rules(kind: str, tmp_path: Path):
    """GOV-01: `contract template` writes a file that `contract validate` accepts whole."""
    file = tmp_path / f"{kind}.csv"
    file.write_text(creatordex("contract", "template", kind, "--csv")[1])
    code, report = creatordex("contract", "validate", str(file))
    assert code == 0
    assert "0 would not" in report


@pytest.mark.parametrize("kind", ["accounts", "content"])
def test_a_template_contract_reads_the_template_vendor_file(kind: str, tmp_path: Path):
    contract, vendor = tmp_path / "vendor.toml", tmp_path / "vendor.csv"
    contract.write_text(creatordex("contract", "template", kind, "--toml")[1])
    vendor.write_text(creatordex("contract", "template", kind, "--vendor")[1])
    code, report = creatordex("contract", "validate", str(vendor), "--contract", str(contract))
    assert code == 0, report


def test_a_bad_row_is_named_with_its_field_and_its_reason(tmp_path: Path):
    """GOV-01: errors per row, and the exit code of too many rejections."""
    file = tmp_path / "accounts.csv"
    file.write_text("platform,handle,followers\nyoutube,ann,12\nyoutube,bob,many\n")
    code, report = creatordex("contract", "validate", str(file), "--json")
    assert code == 3
    (row,) = json.loads(report)["rejections"]
    assert (row["line"], row["field"]) == (3, "followers")
    assert row["reason"]
