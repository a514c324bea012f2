"""A language model behind a server that knows no strict schemas: vLLM, Ollama, and others that speak like OpenAI.

`instructor` puts the schema into the question and digs the JSON out of the answer, be it fenced, thought about aloud or
explained. It asks once: its own second question would repeat to the model what a stranger's bio made of the first one.
"""

from functools import lru_cache
from typing import Any

import httpx2
import instructor
import orjson
from instructor.core.exceptions import InstructorRetryException
from openai.types.chat import ChatCompletion
from pydantic import BaseModel, ConfigDict

from base.errors import AnswerInvalid
from providers.llm import LLMAnswer, LLMRequest
from providers.openai_client import Endpoint, Line
from providers.openai_completions import PATH, Completions


class InstructorLLM:
    """See `LLM`. One client, which belongs to the event loop it is first used in; close it there."""

    def __init__(
        self, endpoint: Endpoint, model: str, effort: str | None = None, *, client: httpx2.AsyncClient | None = None
    ) -> None:
        self.model = model
        self._effort = effort
        self._line = Line(endpoint, model, client)
        self._completions = Completions(endpoint.provider, model, effort)
        # The wording of the question is instructor's, so its version is part of what made an answer.
        self.id = f"{self._completions.id}+instructor-{instructor.__version__}"

    async def complete(self, request: LLMRequest) -> LLMAnswer:
        """See `LLM.complete`. The text is the JSON of the answer alone."""
        answers: list[LLMAnswer] = []

        async def create(**body: Any) -> ChatCompletion:
            reply = await self._line.post(PATH, body)
            answers.append(self._completions.read(200, reply.body, reply.headers))
            return ChatCompletion.model_validate(reply.body)

        ask: Any = instructor.patch(create=create, mode=instructor.Mode.MD_JSON)  # its types know no async `create`
        try:
            found = await ask(
                response_model=_answer_model(orjson.dumps(request.schema)), max_retries=0, **self._body(request)
            )
        except InstructorRetryException as error:
            raise self._without_json(answers, error) from error
        (answer,) = answers
        return LLMAnswer(found.model_dump_json(), answer.usage, answer.request_id, answer.limits)

    async def close(self) -> None:
        await self._line.close()

    def _body(self, request: LLMRequest) -> dict[str, Any]:
        messages = [{"role": "system", "content": request.system}, {"role": "user", "content": request.user}]
        # `max_tokens` is the older name, and the one that every such server knows.
        body: dict[str, Any] = {"model": self.model, "messages": messages, "max_tokens": request.max_output_tokens}
        return body | ({"reasoning_effort": self._effort} if self._effort else {})

    def _without_json(self, answers: list[LLMAnswer], error: InstructorRetryException) -> Exception:
        """What stopped the one question: our own error, or an answer that holds no JSON."""
        if not answers and isinstance(error.__cause__, Exception):
            return error.__cause__
        paid = answers[0] if answers else None
        return AnswerInvalid(
            f"{self.model} gave no JSON",
            provider=self._line.provider,
            model=self.model,
            request_id=paid.request_id if paid else None,
            usage=paid.usage if paid else None,
            is_outcome_unknown=paid is None,
        )


@lru_cache(maxsize=8)
def _answer_model(schema: bytes) -> type[BaseModel]:
    """A model that shows a JSON schema and takes any object: whoever asked will check the answer."""

    class Answer(BaseModel):
        model_config = ConfigDict(extra="allow")

        @classmethod
        def model_json_schema(cls, *_: Any, **__: Any) -> dict[str, Any]:
            shown: dict[str, Any] = orjson.loads(schema)
            return shown

    return Answer
