"""Files for a batch service: the bytes follow from the requests, and no limit is passed."""

import hashlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enrich.ledger import CallIntent
from enrich.shards import BatchSettings, Line, LineMaker, lines_within, write_shards
from providers.llm import LLMRequest

ENDPOINT = "/v1/chat/completions"
LIMITS = BatchSettings()


def a_request(user: str = "data", system: str = "rules", max_output_tokens: int = 300) -> LLMRequest:
    return LLMRequest(system, user, {"type": "object"}, max_output_tokens, "hash")


def body_of(request: LLMRequest) -> dict:
    return {
        "model": "m",
        "messages": [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}],
        "schema": request.schema,
        "max_completion_tokens": request.max_output_tokens,
    }


def a_line(custom_id: str, length: int = 10, tokens: int = 1, nano_usd: int = 1) -> Line:
    call = CallIntent(custom_id, "model", "hash", 1, nano_usd)
    return Line(call, b"x" * (length - 1) + b"\n", tokens)


def subjects(lines) -> list[str]:
    return [line.call.subject for line in lines]


def written(tmp_path, lines, **limits):
    chosen = LIMITS.model_copy(update=limits)
    return list(write_shards(lines, chosen, lambda number: tmp_path / "batches" / f"{number}.jsonl"))


@given(st.text(), st.text(), st.sampled_from([300, 600]))
def test_a_line_is_the_json_of_its_whole_request(custom_id, user, max_output_tokens):
    request = a_request(user, max_output_tokens=max_output_tokens)
    line = LineMaker(ENDPOINT, body_of).line(custom_id, request)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert json.loads(line) == {
        "custom_id": custom_id,
        "method": "POST",
        "url": ENDPOINT,
        "body": body_of(request),
    }


def test_requests_with_other_rules_or_lengths_share_nothing():
    maker = LineMaker(ENDPOINT, body_of)
    asked = [a_request(), a_request(system="other rules"), a_request(max_output_tokens=600), a_request("more data")]
    assert [json.loads(maker.line("c", request))["body"] for request in asked] == [body_of(one) for one in asked]


def test_a_body_without_the_data_in_one_place_is_refused():
    with pytest.raises(ValueError, match="unpack"):
        LineMaker(ENDPOINT, lambda request: {"twice": [request.user, request.user]}).line("c", a_request())


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [
        ({"max_requests": 2}, [2, 2, 1]),
        ({"max_bytes": 35}, [3, 2]),
        ({}, [5]),
    ],
    ids=["requests", "bytes", "none"],
)
def test_a_shard_ends_where_a_limit_would_be_passed(tmp_path, limits, sizes):
    shards = written(tmp_path, [a_line(f"c{number}") for number in range(5)], **limits)
    assert [len(shard.calls) for shard in shards] == sizes
    assert [call.subject for shard in shards for call in shard.calls] == [f"c{number}" for number in range(5)]
    assert [shard.tokens for shard in shards] == sizes


def test_a_shard_is_named_by_its_bytes_and_nothing_is_left_beside_it(tmp_path):
    (shard,) = written(tmp_path, [a_line("a"), a_line("b", length=7)])
    data = shard.path.read_bytes()
    assert (shard.sha256, shard.byte_length) == (hashlib.sha256(data).hexdigest(), len(data))
    assert [path.name for path in shard.path.parent.iterdir()] == ["0.jsonl"]


def test_a_shard_of_a_killed_run_is_replaced(tmp_path):
    (tmp_path / "batches").mkdir()
    (tmp_path / "batches" / "0.jsonl.part").write_bytes(b"half a li")
    (tmp_path / "batches" / "0.jsonl").write_bytes(b"old\n")
    (shard,) = written(tmp_path, [a_line("a")])
    assert shard.path.read_bytes() == a_line("a").text
    assert [path.name for path in shard.path.parent.iterdir()] == ["0.jsonl"]


def test_the_next_shard_is_begun_only_when_it_is_asked_for(tmp_path):
    shards = write_shards(
        [a_line("a"), a_line("b")], LIMITS.model_copy(update={"max_requests": 1}), lambda n: tmp_path / str(n)
    )
    next(shards)
    assert [path.name for path in tmp_path.iterdir()] == ["0"]


def test_no_requests_make_no_file(tmp_path):
    assert written(tmp_path, []) == []
    assert list(tmp_path.iterdir()) == []


def test_a_line_that_fits_nowhere_is_named(tmp_path):
    with pytest.raises(ValueError, match="c9: 50 bytes"):
        written(tmp_path, [a_line("c9", length=50)], max_bytes=49)


def test_only_what_fits_into_the_queue_and_the_budget_is_taken():
    lines = [a_line(name, tokens=3, nano_usd=5) for name in "abcd"]
    assert subjects(lines_within(lines, tokens=9, nano_usd=100)) == ["a", "b", "c"]
    assert subjects(lines_within(lines, tokens=100, nano_usd=14)) == ["a", "b"]
    assert subjects(lines_within(lines, tokens=2, nano_usd=100)) == []
