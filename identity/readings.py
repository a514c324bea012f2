"""What the texts of a batch of accounts say: claims, sites and e-mail addresses, by row.

Only texts that can hold a claim are read; the others say nothing, and most are such.
"""

from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.claim import Claim, Field, Reading
from identity.claims import read_addresses, read_bio
from identity.columns import Texts, chosen, lists_by_row, matches, texts
from identity.content_claims import CLAIM_FIELDS, claim_row
from identity.vocabulary import CLAIM_HINT

ADDRESS_FIELDS: tuple[Field, ...] = ("website", "external_urls")


@dataclass(frozen=True, slots=True)
class Said:
    """What accounts say, as columns of one length."""

    #: a list of CLAIM_FIELDS per row
    claims: pa.ListArray
    #: the first site or hub that is the owner's
    sites: Texts
    #: rows whose text holds e-mail addresses: the owner's in order, and those of people who speak for the owner
    emails: dict[int, tuple[list[str], list[str]]]


@dataclass(slots=True)
class _Found:
    rows: list[int] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    sites: dict[int, str] = field(default_factory=dict)
    emails: dict[int, tuple[list[str], list[str]]] = field(default_factory=dict)

    def add(self, row: int, reading: Reading) -> None:
        self.claims.extend(reading.claims)
        self.rows.extend([row] * len(reading.claims))
        if reading.sites:
            self.sites.setdefault(row, reading.sites[0])


def read_texts(accounts: pa.Table, bios: Texts, folded_bios: Texts, handles: Texts, kinds: Texts) -> Said:
    """Read the address fields and the bios of a batch of accounts."""
    found = _Found()
    platforms, names = accounts["platform"].to_pylist(), handles.to_pylist()
    for name in ADDRESS_FIELDS:
        column = texts(accounts[name])
        for row, text in chosen(column, pc.fill_null(pc.not_equal(column, ""), False)):
            found.add(row, read_addresses(text, name, platforms[row], names[row]))
    is_fan = pc.is_in(kinds, value_set=pa.array(["fan", "parody"])).to_pylist()
    speaks = matches(folded_bios, CLAIM_HINT)
    for (row, text), plain in zip(chosen(bios, speaks), folded_bios.filter(speaks).to_pylist(), strict=True):
        reading = read_bio(text, plain, platforms[row], names[row], is_fan=is_fan[row])
        found.add(row, reading)
        if reading.emails or reading.agency_emails:
            found.emails[row] = (reading.emails, reading.agency_emails)
    length = accounts.num_rows
    return Said(_claim_lists(found, length), _sites(found, length), found.emails)


def _claim_lists(found: _Found, length: int) -> pa.ListArray:
    claims = pa.array([claim_row(claim) for claim in found.claims], CLAIM_FIELDS)
    return lists_by_row(np.array(found.rows, np.int64), claims, length)


def _sites(found: _Found, length: int) -> Texts:
    return pa.array([found.sites.get(row) for row in range(length)], pa.string())
