# mypy: ignore-errors
"""Run by `enrich.py` in a Python that has bespokelabs-curator: the same questions, told on the last line as JSON.

wall, cpu: seconds of the first pass · requests_before: questions that the provider had seen when one row was added.
"""

import json
import os
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Literal

job = json.loads(Path(sys.argv[1]).read_text())
os.environ.update(
    OPENAI_API_KEY="none",
    OPENAI_BASE_URL=job["url"],
    CURATOR_CACHE_DIR=tempfile.mkdtemp(dir=Path(sys.argv[1]).parent),
    TELEMETRY_ENABLED="0",
    CURATOR_DISABLE_RICH_DISPLAY="1",
    CURATOR_VIEWER="0",
    HOSTED_CURATOR_VIEWER="0",
    LITELLM_LOCAL_MODEL_COST_MAP="True",
    HF_HUB_OFFLINE="1",
)
import litellm  # noqa: E402

# The vocabulary that curator counts tokens by comes with litellm: nothing has to be downloaded.
os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(litellm.__file__).parent / "litellm_core_utils" / "tokenizers")

from bespokelabs import curator  # noqa: E402
from datasets import Dataset  # noqa: E402
from pydantic import BaseModel, create_model  # noqa: E402


def model_of(schema):
    """A pydantic model with the fields of our schema; enums stay in place, for the fake reads no references."""
    kinds = {"string": str, "integer": int}

    def kind(part):
        names = part["type"] if isinstance(part["type"], list) else [part["type"]]
        if "array" in names:
            return list[kind(part["items"])]
        if "enum" in part:
            return Literal[tuple(part["enum"])]
        return kinds[names[0]] | None if "null" in names else kinds[names[0]]

    return create_model("Answer", **{name: (kind(part), ...) for name, part in schema["properties"].items()})


class Labels(curator.LLM):
    response_format: type[BaseModel] = model_of(job["schema"])

    def prompt(self, row):
        return [{"role": "system", "content": job["system"]}, {"role": "user", "content": row["user"]}]

    def parse(self, row, answer):
        return {"number": row["number"], "niche": answer.primary_niche}


def labelled(count):
    """Rows of the answers to the first so many questions."""
    rows = Dataset.from_list([{"number": number, "user": job["users"][number]} for number in range(count)])
    out = llm(rows)
    return len(getattr(out, "dataset", out))


def seen():
    with urllib.request.urlopen(job["url"].removesuffix("/v1") + "/fake/books") as answer:  # noqa: S310
        return json.loads(answer.read())["seen"].get("chat", 0)


llm = Labels(
    model_name="gpt-4o-mini",
    backend="openai",
    backend_params={
        "max_concurrent_requests": job["concurrency"],
        "max_requests_per_minute": 3_000_000,
        "max_tokens_per_minute": 3_000_000_000,
        "max_retries": 3,
    },
)
wall, cpu = time.perf_counter(), time.process_time()
rows = labelled(job["rows"])
told = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "rows": rows, "requests_before": seen()}
if job["is_one_added"]:
    labelled(job["rows"] + 1)
print(json.dumps(told))
