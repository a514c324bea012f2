"""Thresholds from halves of the same creators: chance and nothing else."""

import json

import numpy as np
import pyarrow as pa
import pytest

from base.errors import StoreError
from embeddings.vectors import normalise, to_column
from jobs.calibrate_drift import calibrate_drift, write_thresholds
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import ContentItem, ContentVector, Creator, CreatorMember
from tests.factories import AS_OF, a_context

DIM = 64


def a_crowd(store: Store, creators: int, posts: int):
    """Creators who each post about one subject of their own."""
    context = a_context(store)
    context.embedder = HashingEmbedder(dim=DIM)
    random = np.random.default_rng(0)
    names = [f"{owner:03}" for owner in range(creators) for _ in range(posts)]
    keys = [f"youtube:{name}-{place % posts}" for place, name in enumerate(names)]
    about = np.repeat(random.standard_normal((creators, DIM)) / DIM**0.5, posts, axis=0)
    matrix = normalise((about + random.standard_normal(about.shape) / DIM**0.5).astype("f4"))
    accounts = [f"youtube:{name}" for name in names]
    distinct = sorted(set(accounts))
    owners = [f"cr_{name[8:]}" for name in distinct]
    one = {"name": "a", "platforms": "[]", "account_count": 1, "followers_by_platform": "{}"}
    plain = one | {"first_seen": 0, "updated_at": 0}
    same = {name: [value] * creators for name, value in plain.items()}
    with store.writing_frames() as frames:
        frames.load(Creator, pa.table({"creator_id": owners, "anchor_account_key": distinct} | same))
        frames.load(
            CreatorMember,
            pa.table({"account_key": distinct, "creator_id": owners, "since": [0] * creators}),
        )
        count = len(keys)
        frames.load(
            ContentItem,
            pa.table(
                {
                    "content_key": keys, "account_key": accounts, "platform": ["youtube"] * count,
                    "platform_content_id": keys, "content_type": ["video"] * count, "fetched_at": [0] * count,
                    "raw_sha256": ["0"] * count,
                }
            ),
        )  # fmt: skip
        frames.load(
            ContentVector,
            pa.table(
                {
                    "content_key": keys, "recipe_fingerprint": [context.embedding_recipe.fingerprint] * count,
                    "input_fingerprint": keys, "vector": to_column(matrix), "updated_at": [0] * count,
                }
            ),
        )  # fmt: skip
    return context


def test_halves_of_one_creator_differ_by_chance(store, tmp_path):
    """DRF-01: a calibrated false-alarm rate."""
    found = calibrate_drift(a_crowd(store, creators=120, posts=24))
    assert found.creators > 100
    assert found.mean_shift == pytest.approx(1, abs=0.1)
    assert 1.1 < found.soft_drift < 2
    assert found.hard_drift > found.soft_drift
    assert found.as_of == AS_OF
    write_thresholds(tmp_path / "drift.json", found)
    assert json.loads((tmp_path / "drift.json").read_text())["creators"] == found.creators


def test_a_few_creators_are_no_measure(store):
    with pytest.raises(StoreError, match="posts enough"):
        calibrate_drift(a_crowd(store, creators=3, posts=24))
