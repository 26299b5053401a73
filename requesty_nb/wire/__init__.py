"""The HTTP contract as pure functions: a request's body, and what an answer or a refusal says.

Facts: Requesty's OpenAPI description of ``POST /v1/images/edits`` and OpenAI's Images API.
"""

from requesty_nb.wire.answers import Answer, read_answer, read_events
from requesty_nb.wire.bodies import Body, Upload, json_body, multipart
from requesty_nb.wire.events import BOM, Event, Framer, fields_of, read_event
from requesty_nb.wire.refusals import refusal, retry_after
from requesty_nb.wire.telling import Telling
from requesty_nb.wire.texts import plain, request_id

__all__ = [
    "BOM",
    "Answer",
    "Body",
    "Event",
    "Framer",
    "Telling",
    "Upload",
    "fields_of",
    "json_body",
    "multipart",
    "plain",
    "read_answer",
    "read_event",
    "read_events",
    "refusal",
    "request_id",
    "retry_after",
]
