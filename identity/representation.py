"""Who may act for whom, as accounts show it: the addresses in view, and by which of them an agency's clients are known.

Comes in: a batch of accounts with the kinds their words speak of. Goes out: the columns of REPRESENTATION, by row. Only
what stands in one account is read here; who meets whom is the business of `relations.py`.
"""

import re
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from identity.columns import Texts, chosen, lists_by_row, matches, rows_where
from identity.emails import find_emails
from identity.kinds import PARODY
from identity.links import find_links, is_free_mail, registrable_domain

REPRESENTATION = pa.schema(
    [
        #: says somewhere in its bio that it is a parody
        ("is_parody", pa.bool_()),
        #: addresses and domains by which an agency's clients are known; empty for everybody else
        ("agency_keys", pa.list_(pa.string())),
        #: e-mail addresses in view, lower case
        ("addresses", pa.list_(pa.string())),
    ]
)
#: an account without any of these in its name or bio is no agency by its words
MAY_BE_AGENCY = r"agenc|agent|agenz|represent|management|mcn|channel network"

_ADDRESS = r"[a-z0-9._%+-]{1,64}@(?:[a-z0-9-]+\.)+[a-z]{2,24}"


def representation_of(columns: Mapping[str, Texts], kinds: Texts) -> dict[str, pa.Array]:
    """The columns of REPRESENTATION, by name. columns: display_name, bio, email, website, external_urls, as given."""
    shown = pc.binary_join_element_wise(*(pc.fill_null(columns[name], "") for name in ("email", "bio")), " ")
    lowered = pc.utf8_lower(shown)
    return {
        "is_parody": holds(columns["bio"], PARODY),
        "agency_keys": _lists(_agency_keys(columns, kinds, shown), len(kinds)),
        "addresses": _lists(
            ((row, set(re.findall(_ADDRESS, text))) for row, text in chosen(lowered, matches(lowered, _ADDRESS))),
            len(kinds),
        ),
    }


def holds(column: Texts, pattern: str) -> pa.BooleanArray:
    """Where a pattern is found in small or capital letters; False for NULL."""
    return pc.fill_null(pc.match_substring_regex(column, pattern, ignore_case=True), False)


def site_domains(*texts: str | None) -> set[str]:
    """The registrable domains of the sites in some texts."""
    found = find_links(" ".join(filter(None, texts)))
    return {one.link.value for one in found if one.link and one.link.kind == "site"}


def _agency_keys(columns: Mapping[str, Texts], kinds: Texts, shown: Texts) -> Iterator[tuple[int, set[str]]]:
    says_so = pc.or_(holds(columns["display_name"], MAY_BE_AGENCY), holds(columns["bio"], MAY_BE_AGENCY))
    for row in rows_where(pc.and_(says_so, pc.fill_null(pc.equal(kinds, "agency"), False))):
        sites = site_domains(columns["website"][row].as_py(), columns["external_urls"][row].as_py())
        yield row, _keys(shown[row].as_py(), sites)


def _keys(shown: str, sites: set[str]) -> set[str]:
    addresses = {found.address for found in find_emails(shown)}
    domains = {registrable_domain(address.rpartition("@")[2]) for address in addresses} | sites
    return addresses | {domain for domain in domains if domain and not is_free_mail(domain)}


def _lists(found: Iterable[tuple[int, set[str]]], length: int) -> pa.ListArray:
    flat = [(row, value) for row, values in found for value in sorted(values)]
    rows = np.array([row for row, _ in flat], np.int64)
    return lists_by_row(rows, pa.array([value for _, value in flat], pa.string()), length)
