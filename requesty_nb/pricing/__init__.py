"""Tokens and dollars, before and after.

Token counts are those of OpenAI's image guide where it gives any; for gpt-image-2, what users measured.
Prices are OpenAI's list as of `PRICES_AS_OF`; Requesty adds up to `MARKUP`. Where sources are rough, a cost
is a range.
"""

from requesty_nb.pricing.dollars import FREE, MARKUP, actual, estimate, format_usd
from requesty_nb.pricing.prices import PRICES, PRICES_AS_OF, Price, price_of
from requesty_nb.pricing.tokens import input_image_tokens, output_tokens, text_tokens

__all__ = [
    "FREE",
    "MARKUP",
    "PRICES",
    "PRICES_AS_OF",
    "Price",
    "actual",
    "estimate",
    "format_usd",
    "input_image_tokens",
    "output_tokens",
    "price_of",
    "text_tokens",
]
