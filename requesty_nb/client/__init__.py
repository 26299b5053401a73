"""Send one request once, within a deadline and limits; the owner of httpx.

Nothing is sent again unless it cannot have been worked on: a connection that was never made, a 429, a 503
with Retry-After. No redirect is followed, no connection is kept, and the key goes to one origin only.
"""

from requesty_nb.client.calls import Call, Heard, Partial, Reply, Watch, so_far
from requesty_nb.client.listing import list_models
from requesty_nb.client.results import fetch
from requesty_nb.client.sender import Sender

__all__ = ["Call", "Heard", "Partial", "Reply", "Sender", "Watch", "fetch", "list_models", "so_far"]
