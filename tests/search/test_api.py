"""The service over HTTP: answers, refusals, and what belongs to a tenant."""

import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st

from base.errors import BudgetExhausted, RateLimited
from embeddings.vectors import Matrix
from index.files import folder_name
from index.takedowns import add_takedown, writing_takedowns
from index.versions import Versions
from providers.embedder import Kind
from providers.hashing import HashingEmbedder
from search.live import Live
from search.searcher import Searcher
from search.service import Service, ServiceOptions
from search.web import create_app
from tenants.database import TenantDatabase
from tenants.keys import SCOPES, make_key
from tests.index.snapshots import ALIASES, a_creator, input_of, write_snapshot
from tests.search.conftest import NOW


def keyed(service: Service, tenant: str, *scopes: str) -> dict[str, str]:
    """Headers with a new key."""
    key, record = make_key(tenant, scopes or SCOPES, now=NOW, expires_at=NOW + timedelta(days=1))
    service.database.save_key(record)
    return {"authorization": f"Bearer {key}"}


def test_an_answer_is_the_searchers_with_the_same_scores(client: TestClient, searcher: Searcher):
    """SRC-14."""
    found = client.get("/v1/search", params={"q": "home bread on youtube", "limit": 5, "facets": True}).json()
    ours = searcher.search("home bread on youtube", limit=5, facets=True)
    assert [hit["creator"]["creator_id"] for hit in found["hits"]] == [hit.creator_id for hit in ours.hits]
    assert [hit["score"] for hit in found["hits"]] == [hit.score for hit in ours.hits]
    assert found["facets"] == ours.facets
    assert found["query"]["understood"] == ["platform youtube"]
    for hit in found["hits"]:
        assert sum(hit["explanation"]["parts"].values()) == pytest.approx(hit["score"], abs=1e-6)


def test_pages_follow_one_another(client: TestClient):
    first = client.get("/v1/search", params={"q": "yoga", "limit": 3}).json()
    second = client.get("/v1/search", params={"q": "yoga", "limit": 3, "cursor": first["next_cursor"]}).json()
    whole = client.get("/v1/search", params={"q": "yoga", "limit": 6}).json()
    assert first["hits"] + second["hits"] == whole["hits"]


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"q": "x", "folowers": "3"}, 422, "folowers"),
        ({"q": "x", "limit": "1000"}, 422, "limit"),
        ({"q": "x", "min_followers": "many"}, 400, "many"),
        ({"q": "x", "niche": "sideways"}, 400, "sideways"),
        ({"q": "x", "cursor": "nonsense"}, 400, "cursor"),
        ({"q": "like:@nobody"}, 400, "@nobody"),
    ],
)
def test_a_request_that_cannot_be_is_refused_and_says_why(client: TestClient, params, status: int, words: str):
    answer = client.get("/v1/search", params=params)
    assert answer.status_code == status
    assert words in answer.json()["message"]


def test_a_creator_its_facets_and_who_is_alike(client: TestClient):
    assert client.get("/v1/creators/cr_c0007").json()["creator_id"] == "cr_c0007"
    assert client.get("/v1/creators/cr_nobody").status_code == 404
    alike = client.get("/v1/creators/cr_c0007/similar", params={"limit": 3}).json()
    assert len(alike["hits"]) == 3
    assert "cr_c0007" not in {hit["creator"]["creator_id"] for hit in alike["hits"]}
    assert client.get("/v1/facets", params={"q": "", "language": "es"}).json()["facets"]["language"].keys() == {"es"}


def test_a_retired_id_leads_to_the_one_in_force(tmp_path: Path):
    import pyarrow as pa

    aliases = pa.Table.from_pylist([{"retired_id": "cr_old", "creator_id": "cr_ann"}], ALIASES)
    write_snapshot(tmp_path / "versions" / folder_name(1), input_of([a_creator("ann")], aliases=aliases))
    Versions(tmp_path).promote(1)
    service = Service(Live(tmp_path, HashingEmbedder()), TenantDatabase(tmp_path / "tenants.db"))
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    moved = client.get("/v1/creators/cr_old", follow_redirects=False)
    assert (moved.status_code, moved.headers["location"]) == (308, "/v1/creators/cr_ann")
    assert client.get("/creators/cr_old").status_code == 200
    client.put("/v1/hidden/cr_old")
    assert client.get("/v1/search").json()["total"] == 0, "hidden under its former id, hidden now"


def test_texts_are_encoded_by_the_model_of_the_snapshot(client: TestClient, searcher: Searcher):
    answer = client.post("/v1/embed", json={"texts": ["home bread cake", ""]}).json()
    assert answer["model"] == searcher.snapshot.content.embedding.model
    assert answer["vectors"] == HashingEmbedder().embed(["home bread cake", ""]).tolist()
    assert client.post("/v1/embed", json={"texts": ["x" * 9_000]}).status_code == 400


@pytest.mark.parametrize("error", [BudgetExhausted("spent"), RateLimited("slow", provider="vendor")])
def test_an_encoder_that_cannot_be_asked_is_no_fault_of_the_question(published: Path, tmp_path: Path, error: Exception):
    class Refusing(HashingEmbedder):
        refuses = False

        def embed(self, texts: Sequence[str], *, kind: Kind = "document") -> Matrix:
            if self.refuses:
                raise error
            return super().embed(texts, kind=kind)

    encoder = Refusing()
    service = Service(Live(published, encoder), TenantDatabase(tmp_path / "tenants.db"))
    encoder.refuses = True
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    assert client.get("/v1/search", params={"q": "new words"}).status_code == 503
    assert client.get("/", params={"q": "new words"}).status_code == 503
    assert client.get("/v1/search").status_code == 200, "without words nobody is asked"


def test_without_a_key_nothing_is_open_when_one_is_needed(published: Path, tmp_path: Path):
    """SEC-03."""
    options = ServiceOptions(needs_key=True)
    service = Service(Live(published, HashingEmbedder()), TenantDatabase(tmp_path / "tenants.db"), options)
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    open_to_all = {"/healthz", "/readyz"}
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in methods:
            body = {"json": {"texts": ["x"], "text": "x"}} if method in {"post", "put"} else {}
            body = {"json": {"texts": ["x"]}} if path == "/v1/embed" else {"json": {"text": "x"}} if body else {}
            answer = client.request(method, path.format(creator_id="cr_a", name="n"), **body)
            assert answer.status_code == (200 if path in open_to_all else 401), path
    refused = client.get("/")
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic")


def test_a_key_opens_what_its_scopes_name(service: Service, client: TestClient):
    only_search = keyed(service, "acme", "search")
    assert client.get("/v1/search", headers=only_search).status_code == 200
    assert client.get("/v1/overlay", headers=only_search).status_code == 403
    assert client.get("/metrics", headers=only_search).status_code == 403
    key = only_search["authorization"].removeprefix("Bearer ")
    assert client.get("/", auth=("any", key)).status_code == 200


def test_a_key_that_does_not_hold_is_refused_even_where_none_is_needed(service: Service, client: TestClient):
    good = keyed(service, "acme")
    assert client.get("/v1/search", headers={"authorization": "Bearer cdx_0_wrong"}).status_code == 401
    assert client.get("/v1/search", headers={"authorization": "Digest x"}).status_code == 401
    assert client.get("/v1/search", headers=good).status_code == 200
    service.database.revoke_key(service.database.load_keys()[-1].key_id, now=NOW)
    assert client.get("/v1/search", headers=good).status_code == 401


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["acme", "zeta"]),
        st.sampled_from(["notes", "hidden", "lists/short"]),
        st.sampled_from(["put", "delete"]),
        st.sampled_from(["cr_c0001", "cr_c0002", "cr_c0003"]),
    ),
    max_size=8,
)


@settings(max_examples=15)
@given(actions=ACTIONS)
def test_a_tenant_never_sees_what_another_wrote(published: Path, tmp_path_factory: pytest.TempPathFactory, actions):
    """SEC-02, SEC-04: whatever both do, each sees what it would see alone."""
    service = Service(Live(published, HashingEmbedder()), TenantDatabase(tmp_path_factory.mktemp("t") / "tenants.db"))
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    keys = {}
    for tenant in ("acme", "zeta"):
        key, record = make_key(tenant, SCOPES, now=service.now())
        service.database.save_key(record)
        keys[tenant] = {"authorization": f"Bearer {key}"}
    wanted = {tenant: {"notes": set(), "hidden": set(), "lists/short": set()} for tenant in keys}
    for tenant, what, method, creator in actions:
        body = {"json": {"text": f"by {tenant}"}} if (what, method) == ("notes", "put") else {}
        assert client.request(method, f"/v1/{what}/{creator}", headers=keys[tenant], **body).status_code == 204
        (set.add if method == "put" else set.discard)(wanted[tenant][what], creator)
    for tenant, headers in keys.items():
        mine = wanted[tenant]
        seen = client.get("/v1/overlay", headers=headers).json()
        assert seen["notes"] == dict.fromkeys(mine["notes"], f"by {tenant}")
        assert set(seen["hidden"]) == mine["hidden"]
        assert set(seen["lists"].get("short", [])) == mine["lists/short"]
        found = client.get("/v1/search", params={"limit": 100}, headers=headers).json()
        shown = {hit["creator"]["creator_id"]: hit["creator"] for hit in found["hits"]}
        assert found["total"] == 300 - len(mine["hidden"])
        assert not shown.keys() & mine["hidden"]
        assert {note for one in shown.values() if (note := one["note"])} <= {f"by {tenant}"}


def test_a_request_asks_the_tenants_store_once(published: Path, tmp_path: Path):
    asked: list[str] = []

    class Listening(TenantDatabase):
        def read(self, statement: str, values: Sequence[object]) -> list[tuple[object, ...]]:
            asked.append(statement)
            return super().read(statement, values)

    service = Service(Live(published, HashingEmbedder()), Listening(tmp_path / "tenants.db"))
    client = TestClient(create_app(service), base_url="http://127.0.0.1")
    for path in ("/v1/search?q=yoga", "/v1/facets?q=yoga", "/v1/creators/cr_c0001", "/v1/overlay"):
        asked.clear()
        assert client.get(path).status_code == 200
        assert len(asked) == 1, path


def test_a_new_snapshot_is_swapped_in_and_no_request_fails(tmp_path: Path):
    for version, name in enumerate(["ann", "bob"], start=1):
        write_snapshot(tmp_path / "versions" / folder_name(version), input_of([a_creator(name)]), version)
    Versions(tmp_path).promote(1)
    live = Live(tmp_path, HashingEmbedder())
    client = TestClient(create_app(Service(live, TenantDatabase(tmp_path / "t.db"))), base_url="http://127.0.0.1")
    assert client.get("/v1/search").json()["hits"][0]["creator"]["creator_id"] == "cr_ann"
    assert not live.refresh()
    with live.opened() as before:
        Versions(tmp_path).promote(2)
        assert live.refresh()
        assert before.searcher.search("ann").hits[0].creator_id == "cr_ann", "who was reading goes on with the old one"
    assert client.get("/v1/search").json()["hits"][0]["creator"]["creator_id"] == "cr_bob"
    assert client.get("/readyz").json() == {"version": 2, "refused": None}


def test_who_is_taken_down_is_gone_from_every_answer_without_a_new_snapshot(tmp_path: Path):
    people = [a_creator(name, bio="yoga") for name in ("ann", "bob", "cat")]
    write_snapshot(tmp_path / "versions" / folder_name(1), input_of(people), 1)
    Versions(tmp_path).promote(1)
    live = Live(tmp_path, HashingEmbedder())
    client = TestClient(create_app(Service(live, TenantDatabase(tmp_path / "t.db"))), base_url="http://127.0.0.1")
    with writing_takedowns(tmp_path):
        add_takedown(tmp_path, ["cr_bob"], [], newest=1)
    assert live.refresh()
    for path in ("/v1/search?q=yoga", "/v1/search", "/v1/creators/cr_ann/similar", "/?q=yoga"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "cr_bob" not in answer.text
    assert client.get("/v1/creators/cr_bob").status_code == 404
    assert client.get("/v1/search?q=like:cr_bob").status_code == 400


def test_a_broken_snapshot_leaves_the_one_in_force(tmp_path: Path):
    write_snapshot(tmp_path / "versions" / folder_name(1), input_of([a_creator("ann")]), 1)
    write_snapshot(tmp_path / "versions" / folder_name(2), input_of([a_creator("bob")]), 2)
    Versions(tmp_path).promote(1)
    live = Live(tmp_path, HashingEmbedder())
    Versions(tmp_path).promote(2)
    (tmp_path / "versions" / folder_name(2) / "manifest.json").write_text("{}")
    assert not live.refresh()
    client = TestClient(create_app(Service(live, TenantDatabase(tmp_path / "t.db"))), base_url="http://127.0.0.1")
    assert client.get("/v1/search").json()["version"] == 1
    assert client.get("/readyz").json()["refused"]
    assert "creatordex_snapshot_refused 1" in client.get("/metrics").text


def test_requests_and_stages_are_counted_and_timed(client: TestClient):
    """MON-05."""
    client.get("/v1/search", params={"q": "secret plans"})
    client.get("/v1/search", params={"q": "x", "niche": "sideways"})
    client.get("/nowhere")
    text = client.get("/metrics").text
    assert 'creatordex_requests_total{route="/v1/search",status="200"} 1' in text
    assert 'creatordex_requests_total{route="/v1/search",status="400"} 1' in text
    assert 'creatordex_request_seconds_bucket{route="/v1/search",le="+Inf"} 2' in text
    assert 'creatordex_requests_total{route="other",status="404"} 1' in text
    assert "secret" not in text


def test_every_answer_carries_the_security_headers(client: TestClient):
    for path in ("/", "/v1/search", "/nowhere", "/static/page.css", "/creators/cr_nobody", "/openapi.json"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_a_foreign_host_name_is_refused(client: TestClient):
    """A page elsewhere must not reach a service on this machine under a name of its own."""
    assert client.get("/v1/search", headers={"host": "evil.example"}).status_code == 400


def test_logs_are_off_unless_asked_for_and_hold_no_key(published: Path, tmp_path: Path):
    """SEC-11, SRC-13."""
    live, database = Live(published, HashingEmbedder()), TenantDatabase(tmp_path / "tenants.db")
    quiet = Service(live, database)
    options = ServiceOptions(audit_folder=tmp_path / "log", query_folder=tmp_path / "log")
    kept = Service(live, database, options)
    for service in (quiet, kept):
        headers = keyed_now(service)
        client = TestClient(create_app(service), base_url="http://127.0.0.1")
        assert client.get("/v1/search", params={"q": "yoga", "limit": 2}, headers=headers).status_code == 200
    lines = {path.name[:5]: path.read_text() for path in (tmp_path / "log").iterdir()}
    audit, query = json.loads(lines["audit"]), json.loads(lines["queri"])
    assert (audit["tenant_id"], audit["question"], audit["hits"]) == ("acme", "yoga", 2)
    assert "tenant_id" not in query
    assert query["shown"] == [one["creator_id"] for one in query["candidates"]][:2]
    assert len(query["candidates"]) == 100
    assert {"rank", "creator_id", "score", "keyword", "quality", "similarities"} == query["candidates"][0].keys()
    assert headers["authorization"].removeprefix("Bearer ") not in "".join(lines.values())


def keyed_now(service: Service) -> dict[str, str]:
    key, record = make_key("acme", SCOPES, now=service.now())
    service.database.save_key(record)
    return {"authorization": f"Bearer {key}"}
