"""Three bands, thresholds by precision and size, and the rules that hold a pair back."""

import numpy as np
import pyarrow as pa
import pytest

from identity.comparisons import COMPARISONS
from identity.triage import CAPS, Thresholds, Triage, cap_codes, thresholds_for, triage
from identity.weights import load_model

EDGES = Thresholds(link_bits=6.0, review_bits=-2.0)
N_BAND = 17


def compared(handle_bits: float = 0.0, **levels: str) -> pa.Table:
    """One pair on the given levels, on the last of each other comparison."""
    neutral = {
        "handle_name": "different_different",
        "handle_rarity": "none",
        "name_rarity": "none",
        "claim": "none",
        "email": "incomparable",
        "site": "incomparable",
        "address": "none",
        "bio": "incomparable",
        "bio_vector": "unknown",
        "kind": "incomparable",
        "scale": "incomparable",
        "script": "incomparable",
        "platform": "different",
        "rivals": "none",
    }
    chosen = neutral | levels
    columns = {c.name: pa.array(c.index(chosen[c.name]), pa.int8()) for c in COMPARISONS}
    return pa.table(columns | {"handle_bits": pa.array([handle_bits])})


def cap_of(pair: pa.Table) -> str | None:
    code = int(cap_codes(pair, load_model(), N_BAND)[0])
    return CAPS[code - 1].name if code else None


@pytest.mark.parametrize(
    ("bits", "band"), [(6.0, Triage.LINK), (5.99, Triage.REVIEW), (-2.0, Triage.REVIEW), (-2.01, Triage.SEPARATE)]
)
def test_a_weight_on_a_boundary_goes_to_the_higher_band(bits, band):
    assert EDGES.band(bits) is band
    assert triage(np.array([bits]), np.zeros(1, np.int8), EDGES).to_pylist() == [band.value]


def test_a_cap_holds_a_pair_down_and_only_a_rare_handle_lifts_one_that_waits():
    for place, cap in enumerate(CAPS):
        held = triage(np.array([99.0, 0.0, -99.0]), np.full(3, place + 1, np.int8), EDGES).to_pylist()
        waiting = "link" if cap.name == "rare_handle" else "separate" if cap.name == "fan_page" else "review"
        assert held == [cap.ceiling.value, waiting, "separate"], cap.name


def test_a_stricter_precision_never_lowers_the_threshold():
    model = load_model()
    for n_band in (10, 15, 17, 20, 25):
        bits = [thresholds_for(model, n_band, precision).link_bits for precision in (0.9, 0.95, 0.985, 0.99, 0.999)]
        assert bits == sorted(bits), n_band


@pytest.mark.parametrize(
    ("pair", "cap"),
    [
        (compared(handle_name="exact_equal", claim="fan_of"), "fan_page"),
        (compared(handle_name="exact_equal", kind="fan"), "fan_kind"),
        (compared(handle_name="exact_equal", kind="branch"), "branch"),
        (compared(handle_name="exact_equal", claim="elsewhere"), "contradicted"),
        (compared(claim="contested"), "contradicted"),
        (compared(handle_name="near_equal", platform="same"), "second_account"),
        (compared(handle_name="near_equal", platform="same", claim="secondary"), None),
        (compared(handle_name="exact_different", handle_bits=N_BAND + 1.0), "bare_handle"),
        (compared(handle_name="exact_different", handle_bits=99.0), None),
        (compared(handle_name="exact_different", handle_bits=99.0, kind="different"), "bare_handle"),
        (compared(handle_name="exact_different", email="private"), None),
        (compared(handle_name="exact_different", bio="bio_6"), None),
        (compared(handle_name="spelled_missing", handle_bits=99.0), "rare_handle"),
        (compared(handle_name="exact_missing", handle_bits=99.0, rivals="level"), "bare_handle"),
        (compared(handle_name="different_equal", bio="bio_3"), "bare_name"),
        (compared(handle_name="different_equal", bio="bio_4"), None),
        (compared(handle_name="different_equal", site="private"), None),
        (compared(bio="bio_7", bio_vector="same"), "bare_bio"),
        (compared(handle_name="start_different", bio="bio_2"), "bare_bio"),
        (compared(claim="self"), None),
        (compared(handle_name="exact_equal"), None),
    ],
)
def test_what_holds_a_pair_back(pair, cap):
    """IDN-04, IDN-07, IDN-08: bare handles, contradictions, second accounts and mere similarity wait for a person."""
    assert cap_of(pair) == cap
