"""A store with creators ready to be published; run as a script, it publishes them (so that it can be killed)."""

import json
from datetime import timedelta

from base.fingerprint import creator_id_for
from embeddings.vectors import to_column
from jobs.context import Context
from jobs.publish_index import publish_index
from jobs.report import JobReport
from providers.hashing import HashingEmbedder
from store.session import Store
from store.tables import AccountActivity, CreatorAccount, CreatorMember, CreatorVector, Enrichment
from store.tables import Creator as CreatorRow
from tests.factories import AS_OF, a_context, an_account, an_item, open_store

PEOPLE = {"ann": "home workouts without gear", "bob": "sourdough bread at dawn", "cy": "trail running in the rain"}


def fill(store: Store, people: dict[str, str] = PEOPLE) -> None:
    """One creator per person, with an account, two items, a label and a bio vector."""
    for handle, bio in people.items():
        add_creator(store, [an_account(handle, bio=bio, followers=40_000)])


def add_creator(store: Store, accounts: list[CreatorAccount]) -> str:
    anchor = accounts[0]
    creator_id = creator_id_for(anchor.account_key)
    recipe = publishing_context(store).embedding_recipe.fingerprint
    vector = to_column(HashingEmbedder().embed([anchor.bio or ""]))[0].as_py()
    rows = [
        CreatorRow(
            creator_id=creator_id, name=anchor.display_name, handle=anchor.handle,
            anchor_account_key=anchor.account_key,
            platforms=json.dumps(sorted({account.platform for account in accounts})), account_count=len(accounts),
            followers_total=anchor.followers, followers_by_platform=json.dumps({anchor.platform: anchor.followers}),
            first_seen=AS_OF, updated_at=AS_OF,
        ),
        Enrichment(
            creator_id=creator_id, input_fingerprint="i", recipe_fingerprint="r", is_current=True, provenance="offline",
            reason="new", primary_niche="fitness", secondary_niches="[]", llm_summary=f"{anchor.handle} in a sentence.",
            account_kind="person", confidence="high", evidence="[]", flags="[]", model="m", taxonomy_version="1",
            created_at=AS_OF, in_force_since=AS_OF,
        ),
        CreatorVector(
            creator_id=creator_id, field=f"{anchor.platform}_bio", recipe_fingerprint=recipe, input_fingerprint="v",
            vector=vector, updated_at=AS_OF,
        ),
    ]  # fmt: skip
    for account in accounts:
        rows += [
            account,
            CreatorMember(account_key=account.account_key, creator_id=creator_id, since=AS_OF),
            AccountActivity(
                account_key=account.account_key, bucket="active", reason="r", next_due_at=AS_OF, since=AS_OF
            ),
            an_item(account.account_key, f"{account.handle}-1", title_or_caption="Morning", views=100, likes=4),
            an_item(
                account.account_key,
                f"{account.handle}-2",
                title_or_caption="Evening",
                published_at=AS_OF - timedelta(1),
            ),
        ]
    with store.writing() as session:
        session.add_all(rows)
    return creator_id


def publishing_context(store: Store, **settings: object) -> Context:
    context = a_context(store, **settings)
    context.embedder = HashingEmbedder()
    return context


def publish(store: Store, **settings: object) -> JobReport:
    return publish_index(publishing_context(store, **settings))


def publish_again(address: str, home: str) -> None:
    """In another process."""
    publish(open_store(address, home))
