"""The offline twin of the image-edit endpoint: the same contract, answered on this machine.

`create_app` gives an ASGI application that speaks ``POST /v1/images/edits`` as Requesty and OpenAI
document it. Its pictures come from `painter`: fixed recipes of arithmetic on pixels, chosen by words
of the prompt. It is no AI, knows nothing of what a picture shows, and says so in its headers, in its list
of models and in the metadata of every picture. It imports nothing else of this package, so it can
also stand alone::

    uvicorn --factory requesty_nb.offline:create_app
"""

from requesty_nb.offline.app import create_app
from requesty_nb.offline.painter import vocabulary

__all__ = ["create_app", "vocabulary"]
