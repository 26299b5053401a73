"""The offline endpoint against cases that Schemathesis derives from the contract's schema, over TCP."""

from __future__ import annotations

import base64
from collections import Counter
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis import checks
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.transport.serialization import Binary
from servers import serving

from requesty_nb.offline import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKS = [
    checks.not_a_server_error,
    status_code_conformance,
    response_schema_conformance,
    negative_data_rejection,
]


def picture(alpha: int) -> bytes:
    out = BytesIO()
    Image.new("RGBA", (24, 16), (200, 120, 40, alpha)).save(out, "PNG")
    return out.getvalue()


PICTURES = [picture(255), picture(0)]
URLS = [f"data:image/png;base64,{base64.b64encode(data).decode()}" for data in PICTURES]
schemathesis.openapi.format("picture-url", st.sampled_from(URLS))
schemathesis.openapi.format("binary", st.sampled_from([Binary(data) for data in PICTURES]))
schema = schemathesis.openapi.from_path(Path(__file__).parent / "data" / "edits_contract.json")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving(create_app()) as url:
        yield url


@pytest.fixture(scope="module")
def seen() -> Iterator[Counter[tuple[str, int]]]:
    counts: Counter[tuple[str, int]] = Counter()
    yield counts
    # cases that all end in a refusal would show nothing
    for form in ("multipart/form-data", "application/json"):
        assert counts[form, 200] >= 3
        assert counts[form, 400] >= 3


@schema.parametrize()
@settings(max_examples=24, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_derived_case_is_answered_as_the_contract_says(
    case: Any, address: str, seen: Counter[tuple[str, int]]
) -> None:
    response = case.call_and_validate(
        base_url=address, headers={"Authorization": "Bearer any"}, checks=CHECKS, timeout=30
    )
    seen[str(case.media_type), response.status_code] += 1
