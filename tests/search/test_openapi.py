"""Requests made from the OpenAPI page alone, good and bad: none of them is a server error."""

import os
from pathlib import Path

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from providers.hashing import HashingEmbedder
from search.live import Live
from search.service import Service
from search.web import create_app
from tenants.database import TenantDatabase

EXAMPLES = int(os.environ.get("CREATORDEX_TEST_REQUESTS", "6"))
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
HEADERS = {"host": "127.0.0.1"}


@pytest.mark.slow
def test_no_request_is_a_server_error(published: Path, tmp_path: Path):
    service = Service(Live(published, HashingEmbedder()), TenantDatabase(tmp_path / "tenants.db"))
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(service), headers=HEADERS)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 15
    for operation in operations:
        takes_anything = any((operation.query, operation.path_parameters, operation.body))
        for mode in GenerationMode if takes_anything else [GenerationMode.POSITIVE]:

            @settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck))
            @given(case=operation.as_strategy(generation_mode=mode))
            def answers(case: schemathesis.Case):
                case.call_and_validate(headers=HEADERS, checks=CHECKS)

            answers()
