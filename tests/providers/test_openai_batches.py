"""The batch service at OpenAI: what goes up, what comes down, and what a broken line leaves behind."""

import asyncio
import json

import pytest
from pydantic import SecretStr

from base.errors import AnswerRefused, ProviderRefused, ProviderUnavailable, RateLimited
from enrich.dossier import build_dossier
from enrich.questions import Questions
from enrich.taxonomy import load_taxonomy
from providers.openai_batches import OpenAIBatches
from providers.openai_client import Endpoint
from providers.openai_llm import OpenAILLM
from tests.enrich.making import PROMPT, a_subject
from tests.fake_provider.server import fake_provider

QUESTIONS = Questions("gpt-5.4-nano", PROMPT, load_taxonomy())
TOKENS = ("input_tokens", "cached_tokens", "output_tokens", "reasoning_tokens")


@pytest.fixture
def fake():
    with fake_provider() as running:
        yield running


def using(fake, act):
    """What `act(api)` comes to."""

    async def once():
        api = OpenAIBatches(Endpoint(fake.url, SecretStr("sk-test"), 5), "gpt-5.4-nano", "none")
        try:
            return await act(api)
        finally:
            await api.close()

    return asyncio.run(once())


def a_shard(folder, count=6, **changes):
    api = OpenAIBatches(Endpoint(), "gpt-5.4-nano", "none", client=object())
    requests = [QUESTIONS.ask(build_dossier(a_subject(f"bio {number}", ["an item"]))) for number in range(count)]
    lines = [
        {"custom_id": f"cr_{n}", "method": "POST", "url": api.endpoint, "body": api.body(request)} | changes
        for n, request in enumerate(requests)
    ]
    path = folder / "shard.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


async def submit(api, path, **metadata):
    return await api.create(await api.upload(path), metadata)


async def finished(api, batch, looks=6):
    for _ in range(looks):
        batch = await api.retrieve(batch.batch_id)
    return batch


async def lines_of(api, file_id, folder):
    path = folder / f"{file_id}.jsonl"
    await api.download(file_id, path)
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_a_batch_goes_through_its_states_and_comes_back_whole(fake, tmp_path):
    async def act(api):
        batch = await submit(api, a_shard(tmp_path), shard="abc")
        states = [(await api.retrieve(batch.batch_id)).status for _ in range(5)]
        done = await api.retrieve(batch.batch_id)
        return batch, states, done, await lines_of(api, done.output_file_id, tmp_path)

    batch, states, done, lines = using(fake, act)
    assert (batch.status, batch.metadata) == ("validating", {"shard": "abc"})
    assert states == ["validating", "in_progress", "finalizing", "completed", "completed"]
    assert (done.total, done.completed, done.failed, done.error_file_id) == (6, 6, 0, None)
    assert {line["custom_id"] for line in lines} == {f"cr_{number}" for number in range(6)}
    assert [line["custom_id"] for line in lines] != sorted(line["custom_id"] for line in lines)
    api = OpenAIBatches(Endpoint(), "gpt-5.4-nano", client=object())
    answers = [api.read(line["response"]["status_code"], line["response"]["body"]) for line in lines]
    told = {name: sum(getattr(answer.usage, name) for answer in answers) for name in TOKENS}
    assert told.items() <= fake.books.tokens("batch").items()


def test_a_single_call_and_a_line_of_a_batch_send_the_same():
    request = QUESTIONS.ask(build_dossier(a_subject("bio", ["an item"])))
    llm = OpenAILLM(Endpoint(), "gpt-5.4-nano", "none", client=object())
    batches = OpenAIBatches(Endpoint(), "gpt-5.4-nano", "none", client=object())
    assert batches.body(request) == llm._completions.body(request)
    assert batches.id == llm.id
    assert batches.body(request)["messages"][-1]["content"] == request.user


@pytest.mark.parametrize("fate", ["expired", "cancelled"])
def test_what_was_done_before_the_end_comes_back_and_was_paid(fake, tmp_path, fate):
    fake.desk.script(fate)

    async def act(api):
        done = await finished(api, await submit(api, a_shard(tmp_path)))
        good = await lines_of(api, done.output_file_id, tmp_path)
        return done, good, await lines_of(api, done.error_file_id, tmp_path)

    done, good, undone = using(fake, act)
    assert (done.status, len(good), len(undone)) == (fate, 3, 3)
    assert {line["error"]["code"] for line in undone} == {f"batch_{fate}"}
    assert len(fake.books.calls) == 3


def test_a_cancel_is_asked_for(fake, tmp_path):
    async def act(api):
        batch = await submit(api, a_shard(tmp_path))
        return await api.cancel(batch.batch_id), await finished(api, batch)

    asked, done = using(fake, act)
    assert (asked.status, done.status) == ("cancelling", "cancelled")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        ({"custom_id": "same"}, "duplicate_custom_id"),
        ({"method": "GET"}, "invalid_json_line"),
        ({}, "token_limit_exceeded"),
    ],
)
def test_a_file_that_is_not_taken_says_why_and_costs_nothing(fake, tmp_path, spoil, code):
    fake.desk.most_enqueued_tokens = None if spoil else 100

    async def act(api):
        return await finished(api, await submit(api, a_shard(tmp_path, **spoil)))

    done = using(fake, act)
    assert (done.status, [fault.code for fault in done.faults]) == ("failed", [code])
    assert fake.books.calls == []


def test_a_failed_line_is_classed_as_a_failed_call_is(fake, tmp_path):
    fake.script("batch", "refusal", "server", "rate_limit", "bad_request", "", "")

    async def act(api):
        done = await finished(api, await submit(api, a_shard(tmp_path)))
        good = await lines_of(api, done.output_file_id, tmp_path)
        found = []
        for line in good + await lines_of(api, done.error_file_id, tmp_path):
            try:
                found.append(type(api.read(line["response"]["status_code"], line["response"]["body"])).__name__)
            except (AnswerRefused, ProviderUnavailable, RateLimited, ProviderRefused) as error:
                found.append(type(error).__name__)
        return found

    answered = ["AnswerRefused", "LLMAnswer", "LLMAnswer", "ProviderRefused", "ProviderUnavailable", "RateLimited"]
    assert sorted(using(fake, act)) == answered


def test_a_create_whose_answer_is_lost_may_have_made_a_batch_and_the_list_shows_it(fake, tmp_path):
    fake.script("batches.create", "lost")

    async def act(api):
        file_id = await api.upload(a_shard(tmp_path))
        with pytest.raises(ProviderUnavailable) as caught:
            await api.create(file_id, {"shard": "abc"})
        assert caught.value.is_outcome_unknown
        return [found async for found in api.list()]

    (found,) = using(fake, act)
    assert found.metadata == {"shard": "abc"}
    assert fake.books.seen["batches.create"] == 1


def test_the_list_has_every_page_newest_first(fake, tmp_path):
    path = a_shard(tmp_path, count=1)
    kept = fake.desk.keep(path.read_bytes())
    for number in range(205):
        made = {"input_file_id": kept["id"], "endpoint": "/v1/chat/completions", "completion_window": "24h"}
        fake.desk.create(made | {"metadata": {"shard": str(number)}})

    async def act(api):
        return [found.metadata["shard"] async for found in api.list()]

    assert using(fake, act) == [str(number) for number in reversed(range(205))]
    assert fake.books.seen["batches.list"] == 3


@pytest.mark.parametrize("endpoint", ["files.create", "batches.create", "batches.retrieve", "files.content"])
def test_no_call_is_ever_repeated_by_itself(fake, tmp_path, endpoint):
    fake.script(endpoint, "server")

    async def act(api):
        with pytest.raises(ProviderUnavailable):
            done = await finished(api, await submit(api, a_shard(tmp_path)))
            await lines_of(api, done.output_file_id, tmp_path)

    using(fake, act)
    assert fake.books.seen[f"{endpoint}:server"] == 1
    assert fake.books.seen[endpoint] == 1


def test_a_download_that_breaks_leaves_no_file(fake, tmp_path):
    async def act(api):
        done = await finished(api, await submit(api, a_shard(tmp_path)))
        fake.script("files.content", "cut")
        with pytest.raises(ProviderUnavailable):
            await api.download(done.output_file_id, tmp_path / "answers.jsonl")

    using(fake, act)
    assert not (tmp_path / "answers.jsonl").exists()
