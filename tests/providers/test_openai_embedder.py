"""Vectors from OpenAI: packed within the vendor's limits, in order, of unit length, and metered to the token."""

import numpy as np
import pytest
from pydantic import SecretStr

from base.errors import (
    AnswerInvalid,
    BudgetExhausted,
    ConfigError,
    ProviderError,
    ProviderUnavailable,
    QuotaExhausted,
    RateLimited,
)
from base.usage import LLMUsage
from providers.openai_client import Endpoint
from providers.openai_embedder import AT_ONCE, MOST_TEXTS, MOST_TOKENS, OpenAIEmbedder, packed
from tests.fake_provider.server import fake_provider

MODEL = "text-embedding-3-small"


class CountingMeter:
    """Remembers what it was asked and told; refuses from a given call on."""

    def __init__(self, refuses_from: int | None = None) -> None:
        self.opened: list[tuple[int, int, str]] = []
        self.closed: dict[str, LLMUsage | ProviderError] = {}
        self._refuses_from = refuses_from

    def open(self, texts: int, most_tokens: int, request_hash: str) -> str:
        if len(self.opened) == self._refuses_from:
            raise BudgetExhausted
        self.opened.append((texts, most_tokens, request_hash))
        return str(len(self.opened))

    def close(self, call_id: str, ended: LLMUsage | ProviderError) -> None:
        assert call_id not in self.closed
        self.closed[call_id] = ended

    @property
    def tokens(self) -> int:
        """All that was said to be used, by answers and by errors."""
        ends = (getattr(ended, "usage", ended) for ended in self.closed.values())
        return sum(ended.input_tokens for ended in ends if ended is not None)


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


def an_embedder(fake, meter=None, waits=None, timeout_seconds=5.0, **options):
    async def sleep(seconds):
        if waits is not None:
            waits.append(seconds)

    endpoint = Endpoint(fake.url, SecretStr("sk-test"), timeout_seconds)
    model = options.pop("model", MODEL)
    return OpenAIEmbedder(endpoint, model, meter or CountingMeter(), sleep=sleep, **options)


def test_vectors_come_back_in_the_order_of_the_texts_and_of_unit_length(fake):
    embedder = an_embedder(fake, dimensions=32)
    texts = [f"bread number {number}" for number in range(20)]
    together = embedder.embed(texts)
    assert together.shape == (20, 32)
    assert together.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(together[7], embedder.embed([texts[7]])[0])


def test_a_text_without_a_word_is_a_zero_row_and_is_not_sent(fake):
    meter = CountingMeter()
    vectors = an_embedder(fake, meter, dimensions=8).embed(["", "bread", " \n"])
    assert [bool(row.any()) for row in vectors] == [False, True, False]
    assert [texts for texts, _, _ in meter.opened] == [1]
    assert an_embedder(fake, meter, dimensions=8).embed([""]).shape == (1, 8)
    assert an_embedder(fake, meter, dimensions=8).embed([]).shape == (0, 8)
    assert len(meter.opened) == 1


def test_requests_keep_the_limits_and_every_text_is_in_one():
    texts = ["long " * 300] * 3000 + ["short"] * 3000
    parts = list(packed(texts))
    assert [text for part in parts for text in part] == texts
    assert all(len(part) <= MOST_TEXTS for part in parts)
    assert all(sum(len(text) // 3 for text in part) <= MOST_TOKENS for part in parts)
    assert len(parts) <= 8


def test_a_request_with_more_tokens_than_thought_is_halved(fake):
    """An estimate can be too low for some scripts: the vendor's refusal costs nothing, and the halves fit."""
    fake.script("embeddings", "too_long", "", "too_long", "", "")
    meter = CountingMeter()
    vectors = an_embedder(fake, meter, dimensions=8).embed(["a", "b", "c", "d"])
    assert vectors.any(axis=1).all()
    assert [texts for texts, _, _ in meter.opened] == [4, 2, 2, 1, 1]
    assert meter.tokens == fake.books.tokens()["input_tokens"]


def test_a_text_longer_than_the_model_reads_is_cut(fake):
    assert an_embedder(fake, dimensions=8).embed(["słowo " * 5000]).any()
    assert fake.books.calls[0].input_tokens <= 8192


def test_the_meter_is_told_what_was_billed_to_the_token(fake):
    """Fault run: 10% rate limits, 5% server errors; the books and the meter agree."""
    fake.faults.set_rates({"rate_limit": 0.1, "server": 0.05})
    meter = CountingMeter()
    embedder = an_embedder(fake, meter, dimensions=8)
    for number in range(60):
        embedder.embed([f"text {number} {part}" for part in range(3)])
    assert meter.tokens == fake.books.tokens()["input_tokens"]
    assert len(meter.opened) == len(meter.closed) == fake.books.seen["embeddings"]
    assert len(fake.books.calls) == 60
    assert fake.books.seen["embeddings"] > 60


def test_no_request_reads_more_than_was_asked_leave_for(fake):
    meter = CountingMeter()
    an_embedder(fake, meter, dimensions=8).embed(["plain words", "日本語のテキスト", "🍞" * 50])
    (asked,) = meter.opened
    assert meter.tokens <= asked[1]


def test_a_meter_that_has_no_room_stops_before_anything_is_sent(fake):
    with pytest.raises(BudgetExhausted):
        an_embedder(fake, CountingMeter(refuses_from=0)).embed(["bread"])
    assert fake.books.seen["embeddings"] == 0


def test_a_rate_limit_is_waited_for_as_asked(fake):
    fake.retry_after_seconds = 0.7
    fake.script("embeddings", "rate_limit")
    waits: list[float] = []
    assert an_embedder(fake, waits=waits, dimensions=8).embed(["bread"]).any()
    assert waits == [pytest.approx(0.7)]


@pytest.mark.parametrize(
    ("fault", "kind", "attempts"),
    [("server", ProviderUnavailable, 5), ("rate_limit", RateLimited, 5), ("quota", QuotaExhausted, 1)],
)
def test_what_does_not_pass_is_given_up(fake, fault, kind, attempts):
    fake.faults.set_rates({fault: 1.0})
    meter = CountingMeter()
    with pytest.raises(kind):
        an_embedder(fake, meter).embed(["bread"])
    assert (fake.books.seen["embeddings"], len(meter.closed)) == (attempts, attempts)
    assert meter.tokens == 0


@pytest.mark.parametrize("fault", ["lost", "cut", "not_json"])
def test_a_line_that_breaks_is_an_unknown_outcome_to_the_meter(fake, fault):
    fake.script("embeddings", fault)
    meter = CountingMeter()
    assert an_embedder(fake, meter, dimensions=8).embed(["bread"]).any()
    assert meter.closed["1"].is_outcome_unknown
    assert isinstance(meter.closed["2"], LLMUsage)


def test_dimensions_are_asked_for_only_where_they_differ(fake):
    assert an_embedder(fake).dim == 1536
    assert an_embedder(fake).embed(["bread"]).shape == (1, 1536)
    assert an_embedder(fake, model="text-embedding-3-large", dimensions=256).embed(["bread"]).shape == (1, 256)


def test_vectors_of_another_length_are_refused_and_were_paid(fake):
    meter = CountingMeter()
    with pytest.raises(AnswerInvalid, match="64 numbers, 100 wanted"):
        an_embedder(fake, meter, model="bge-m3", dimensions=100).embed(["bread"])
    assert meter.tokens == fake.books.tokens()["input_tokens"] > 0


def test_a_model_of_unknown_length_wants_it_told():
    with pytest.raises(ConfigError, match="not known"):
        OpenAIEmbedder(Endpoint(), "bge-m3", CountingMeter())


def test_the_id_names_vendor_model_and_length():
    assert OpenAIEmbedder(Endpoint(), MODEL, CountingMeter(), dimensions=256).id == f"openai:{MODEL}/256"


# --- several batches under way ---------------------------------------------------------------------------------------

BATCHES = [[f"bread {batch} {place}" for place in range(3)] for batch in range(20)]


def test_batches_are_under_way_together_and_bring_what_they_bring_alone(fake):
    fake.latency_seconds = 0.05
    meter = CountingMeter()
    embedder = an_embedder(fake, meter, dimensions=8)
    together = dict(embedder.embed_each(iter(BATCHES)))
    assert 1 < fake.books.most_in_flight <= AT_ONCE
    assert list(together) == list(range(20))
    for place in (0, 7, 8, 19):
        np.testing.assert_array_equal(together[place], embedder.embed(BATCHES[place]))
    assert meter.tokens == fake.books.tokens()["input_tokens"]


class PurseOf(CountingMeter):
    """Holds so many tokens; what a request did not read comes back."""

    def __init__(self, tokens: int) -> None:
        super().__init__()
        self.room, self.taken = tokens, dict[str, int]()

    def open(self, texts: int, most_tokens: int, request_hash: str) -> str:
        if most_tokens > self.room:
            raise BudgetExhausted
        self.room -= most_tokens
        call_id = super().open(texts, most_tokens, request_hash)
        self.taken[call_id] = most_tokens
        return call_id

    def close(self, call_id: str, ended: LLMUsage | ProviderError) -> None:
        super().close(call_id, ended)
        self.room += self.taken[call_id] - (ended.input_tokens if isinstance(ended, LLMUsage) else 0)


def test_near_its_end_a_budget_buys_what_it_buys_one_by_one_and_what_was_paid_is_given_out(fake):
    def bought(size: int) -> tuple[list[int], int]:
        purse, found = PurseOf(100), []
        embedder = an_embedder(fake, purse, dimensions=8)
        with pytest.raises(BudgetExhausted):
            for start in range(0, len(BATCHES), size):
                for place, _ in embedder.embed_each(BATCHES[start : start + size]):
                    found.append(start + place)
        assert purse.room >= 0
        return found, purse.room

    alone = bought(1)
    assert alone == bought(len(BATCHES))
    assert len(alone[0]) > 100 // sum(len(text) for text in BATCHES[0]), "more than at the worst price"


def test_an_error_is_raised_once_the_others_are_given_out(fake):
    fake.script("embeddings", "quota")
    meter = CountingMeter()
    found = []
    with pytest.raises(QuotaExhausted):
        found.extend(place for place, _ in an_embedder(fake, meter, dimensions=8).embed_each(BATCHES[:AT_ONCE]))
    assert len(found) == AT_ONCE - 1
    assert meter.tokens == fake.books.tokens()["input_tokens"]
