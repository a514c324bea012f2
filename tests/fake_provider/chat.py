"""Chat completions: checks a request as the vendor would, answers it, and says what that costs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from tests.fake_provider.answers import answer_to
from tests.fake_provider.books import BilledCall
from tests.fake_provider.faults import Refused

CACHED_STEP, LEAST_CACHED = 128, 1024
REASONING_TOKENS = {"minimal": 16, "low": 64, "medium": 256, "high": 1024, "xhigh": 2048}
#: parameters that models which reason do not take
UNKNOWN_PARAMETERS = ("max_tokens", "temperature", "top_p")
REFUSAL = "I'm sorry, but I can't help with that."
#: how a model answers that nobody holds to a format
FENCED = "<think>What is {{this}} about?</think>\nHere you are:\n```json\n{}\n```\nHope it helps!"
_LEGAL_SCHEMAS: set[bytes] = set()


@dataclass(frozen=True, slots=True)
class Reply:
    """A response's body, and the bill."""

    body: dict[str, Any]
    bill: BilledCall


def complete(request: Mapping[str, Any], request_key: str, fault: str, endpoint: str = "chat") -> Reply | Refused:
    """The completion; a Refused when the request itself is wrong."""
    wrong = _mistake(request)
    if wrong:
        return Refused(400, "invalid_value", "invalid_request_error", wrong)
    text = orjson.dumps(answer_to(_schema(request), _user(request))).decode()
    text = text if request.get("response_format") else FENCED.format(text)
    message, finish = _spoilt(text, fault)
    used = _usage(request, message["content"] or message["refusal"] or "")
    most = request.get("max_completion_tokens") or request.get("max_tokens")
    if fault == "truncation" or (most is not None and used["output_tokens"] > most):
        message, finish = {"role": "assistant", "content": text[: len(text) // 2], "refusal": None}, "length"
        used = _usage(request, text[: len(text) // 2]) if most is None else used | {"output_tokens": most}
        used["reasoning_tokens"] = min(used["reasoning_tokens"], used["output_tokens"])
    bill = BilledCall(endpoint, request_key, request["model"], fault=fault, **used)
    return Reply(_completion(request["model"], request_key, message, finish, bill), bill)


def tokens(text: str) -> int:
    """The fake's own count; a client must take the vendor's word and never reckon again."""
    return -(-len(text.encode()) // 4)


def _spoilt(text: str, fault: str) -> tuple[dict[str, Any], str]:
    content, refusal, finish = text, None, "stop"
    if fault == "malformed":
        content = text[: len(text) * 2 // 3]
    elif fault == "invalid":
        content = '{"primary_niche":"no such word"}'
    elif fault == "refusal":
        content, refusal = None, REFUSAL
    elif fault == "content_filter":
        content, finish = "", "content_filter"
    elif fault == "empty":
        content = None
    return {"role": "assistant", "content": content, "refusal": refusal}, finish


def _usage(request: Mapping[str, Any], written: str) -> dict[str, int]:
    """Tokens of each kind. The static prefix counts as cached from the first request on: no answer depends on order."""
    prompt = [tokens(_text(message["content"])) for message in request["messages"]]
    schema = tokens(orjson.dumps(request.get("response_format", {})).decode())
    prefix = prompt[0] + schema
    thoughts = REASONING_TOKENS.get(request.get("reasoning_effort") or "none", 0)
    return {
        "input_tokens": sum(prompt) + schema,
        "cached_tokens": prefix // CACHED_STEP * CACHED_STEP if prefix >= LEAST_CACHED else 0,
        "cache_write_tokens": 0,
        "output_tokens": tokens(written) + thoughts,
        "reasoning_tokens": thoughts,
    }


def _completion(model: str, key: str, message: dict[str, Any], finish: str, bill: BilledCall) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{key[:24]}",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": model,
        "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": finish}],
        "usage": {
            "prompt_tokens": bill.input_tokens,
            "completion_tokens": bill.output_tokens,
            "total_tokens": bill.input_tokens + bill.output_tokens,
            "prompt_tokens_details": {
                "cached_tokens": bill.cached_tokens,
                "cache_write_tokens": bill.cache_write_tokens,
                "audio_tokens": 0,
            },
            "completion_tokens_details": {"reasoning_tokens": bill.reasoning_tokens, "audio_tokens": 0},
        },
        "service_tier": "default",
    }


def _mistake(request: Mapping[str, Any]) -> str:
    """What the vendor would object to; empty when nothing."""
    if not request.get("model") or not request.get("messages"):
        return "model and messages are required"
    surplus = [name for name in UNKNOWN_PARAMETERS if name in request and request["model"].startswith("gpt-5")]
    if surplus:
        return f"Unsupported parameter: {surplus[0]}"
    shape = request.get("response_format", {})
    if shape.get("type") != "json_schema":
        return ""
    named = shape.get("json_schema", {})
    if not named.get("name") or "schema" not in named:
        return "response_format.json_schema needs a name and a schema"
    return _schema_mistake(named["schema"]) if named.get("strict") else ""


def _schema_mistake(schema: Mapping[str, Any]) -> str:
    seen = orjson.dumps(schema)
    if seen in _LEGAL_SCHEMAS:
        return ""
    if not _is_strict(schema):
        return "Invalid schema: in strict mode all fields are required and additionalProperties is false"
    _LEGAL_SCHEMAS.add(seen)
    return ""


def _is_strict(part: Any) -> bool:
    if not isinstance(part, Mapping):
        return True
    if part.get("type") == "object":
        properties = part.get("properties", {})
        if part.get("additionalProperties") is not False or set(part.get("required", ())) != set(properties):
            return False
    nested = [*part.get("properties", {}).values(), part.get("items"), *part.get("anyOf", ())]
    return all(_is_strict(inner) for inner in nested)


def _schema(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema asked for, wherever the way of asking puts it; one free text when there is none."""
    named = request.get("response_format", {}).get("json_schema", {})
    return named.get("schema") or _told_schema(request) or {"properties": {"text": {"type": "string"}}}


def _told_schema(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The schema that the first message spells out, for a server that knows no strict ones."""
    text = _text(request["messages"][0]["content"])
    for place in (found.start() for found in re.finditer(r"\{", text)):
        try:
            schema, _ = json.JSONDecoder().raw_decode(text, place)
        except json.JSONDecodeError:
            continue
        if isinstance(schema, dict) and "properties" in schema:
            return schema
    return None


def _user(request: Mapping[str, Any]) -> str:
    return _text(request["messages"][-1]["content"])


def _text(content: Any) -> str:
    """A message's text, whether it is one string or a list of parts."""
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content or ())
