"""Tokens and dollars, before and after.

Token counts are those of OpenAI's image guide where it gives any; for gpt-image-2, what users measured.
Prices are OpenAI's list as of `PRICES_AS_OF`, and Requesty adds up to `MARKUP`; a user's file can say
otherwise. Where sources are rough, a cost is a range.
"""

from requesty_nb.pricing.bills import Bill, bill, estimate
from requesty_nb.pricing.dollars import FREE, actual, format_usd
from requesty_nb.pricing.prices import MARKUP, PRICES, PRICES_AS_OF, Price
from requesty_nb.pricing.tables import BUILT_IN, Entry, Prices, price_of, prices_from
from requesty_nb.pricing.tokens import input_image_tokens, output_tokens, text_tokens

__all__ = [
    "BUILT_IN",
    "FREE",
    "MARKUP",
    "PRICES",
    "PRICES_AS_OF",
    "Bill",
    "Entry",
    "Price",
    "Prices",
    "actual",
    "bill",
    "estimate",
    "format_usd",
    "input_image_tokens",
    "output_tokens",
    "price_of",
    "prices_from",
    "text_tokens",
]
