from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from requesty_nb.models import Cost
from requesty_nb.pricing import (
    FREE,
    MARKUP,
    PRICES,
    PRICES_AS_OF,
    actual,
    bill,
    estimate,
    format_usd,
    input_image_tokens,
    output_tokens,
    price_of,
    text_tokens,
)

SQUARE, PORTRAIT, LANDSCAPE = (1024, 1024), (1024, 1536), (1536, 1024)
FIRST = "azure/openai/gpt-image-1.5"
GUIDE = [
    (SQUARE, "low", 272),
    (PORTRAIT, "low", 408),
    (LANDSCAPE, "low", 400),
    (SQUARE, "medium", 1056),
    (PORTRAIT, "medium", 1584),
    (LANDSCAPE, "medium", 1568),
    (SQUARE, "high", 4160),
    (PORTRAIT, "high", 6240),
    (LANDSCAPE, "high", 6208),
]


def likely(model: str, **asked: Any) -> Cost | None:
    return estimate(model, bill(model, **asked))


@pytest.mark.parametrize("model", ["gpt-image-1", "azure/openai/gpt-image-1.5", "openai/gpt-image-1-mini"])
@pytest.mark.parametrize(("size", "quality", "tokens"), GUIDE)
def test_output_tokens_before_gpt_image_2_are_the_guides(
    model: str, size: tuple[int, int], quality: str, tokens: int
) -> None:
    assert output_tokens(model, size, quality) == tokens


# US dollars for a million tokens: text in, image in, image out
RATES = {
    "azure/openai/gpt-image-1": (5, 10, 40),
    "azure/openai/gpt-image-1.5": (5, 8, 32),
    "openai/gpt-image-1-mini": (2, 2.5, 8),
    "openai/gpt-image-2": (5, 8, 30),
    "openai/gpt-image-2.5-sunburst": (5, 8, 30),
    "openai/gpt-image-2.5-flare": (5, 8, 30),
}
LATER = {  # of gpt-image-2 and later ones; the first, third and sixth are published
    ("1024x1024", "high"): 7024,
    ("1024x1024", "medium"): 1756,
    ("1024x1024", "low"): 196,
    ("1536x1024", "medium"): 1372,
    ("1024x1536", "low"): 158,
    ("1536x1024", "high"): 5488,
}


@pytest.mark.parametrize("model", RATES)
def test_every_size_and_quality_of_every_model_is_billed_to_the_token(model: str) -> None:
    text_in, image_in, image_out = RATES[model]
    later = "gpt-image-2" in model
    source = 1024 if later else 194
    first = {("{}x{}".format(*size), quality): tokens for size, quality, tokens in GUIDE}
    for (size, quality), tokens in (LATER if later else first).items():
        for n in (1, 4):
            found = bill(
                model, prompt="a hat", image_sizes=[SQUARE, SQUARE], size=size, quality=quality, n=n,
                partial_images=3,
            )  # fmt: skip
            assert found
            assert (found.text, found.sources, found.made) == ((2, 34), (2 * source,) * 2, (tokens,) * 2)
            low = n * (2 * text_in + 2 * source * image_in + tokens * image_out) / 1e6
            assert found.cost.low == pytest.approx(low)
            high = n * (34 * text_in + 2 * source * image_in + (tokens + 300) * image_out) / 1e6 * 1.05
            assert found.cost.high >= high * (1 - 1e-9)
            assert found.cost.high == pytest.approx(high) or model.endswith("mini")


@pytest.mark.parametrize("model", ["gpt-image-2", "openai/gpt-image-2.5-flare"])
@pytest.mark.parametrize(
    ("size", "quality", "tokens"),
    [
        (SQUARE, "high", 7024),
        (PORTRAIT, "high", 5488),
        (LANDSCAPE, "high", 5488),
        (SQUARE, "low", 196),
        ((1792, 1024), "high", 5063),
        ((3584, 2048), "high", 12329),
    ],
)
def test_output_tokens_from_gpt_image_2_are_the_published_ones(
    model: str, size: tuple[int, int], quality: str, tokens: int
) -> None:
    assert output_tokens(model, size, quality) == tokens


def test_what_no_source_gives_is_not_made_up() -> None:
    assert output_tokens("gpt-image-1", (2048, 2048), "low") is None
    assert output_tokens("gpt-image-2.5-sunburst", SQUARE, "xhigh") is None
    assert output_tokens("flux-pro", SQUARE, "low") is None
    assert likely("flux-pro", prompt="", image_sizes=[]) is None
    assert likely("gpt-image-2", prompt="", image_sizes=[], quality="max") is None
    assert likely("gpt-image-1", prompt="", image_sizes=[], size="2048x2048") is None
    assert likely("gpt-image-1", prompt="", image_sizes=[], size="big") is None


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((1024, 1024), 194),
        ((512, 512), 194),
        ((64, 64), 194),
        ((1024, 1025), 194),  # billed as one tile: a side is rounded down
        ((512, 513), 323),
        ((1024, 1536), 323),
        ((1536, 1024), 323),
        ((2048, 512), 581),
        ((8192, 2048), 581),
        ((10000, 10), 581),
    ],
)
def test_sources_before_gpt_image_2_are_paid_by_tiles(size: tuple[int, int], tokens: int) -> None:
    assert input_image_tokens(FIRST, size, None) == input_image_tokens(FIRST, size, "low") == tokens


def test_high_fidelity_adds_what_the_guide_says_where_a_model_has_it() -> None:
    assert input_image_tokens("gpt-image-1", SQUARE, "high") == 194 + 4160
    assert input_image_tokens("gpt-image-1", LANDSCAPE, "high") == 323 + 6240
    assert input_image_tokens(FIRST, PORTRAIT, "high") == 323 + 6240
    assert input_image_tokens(FIRST, (512, 512), "high") == 194 + 4160
    assert input_image_tokens("gpt-image-1-mini", SQUARE, "high") == 194
    assert input_image_tokens("gpt-image-2", SQUARE, "high") == input_image_tokens(
        "gpt-image-2", SQUARE, None
    )


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        (SQUARE, 32 * 32),
        ((512, 512), 32 * 32),  # doubled
        ((16, 16), 1),
        (LANDSCAPE, 48 * 32),
        ((1800, 2400), 1452),  # the example of OpenAI's guide to patches
        ((1024, 300), 32 * 11),  # counts as 3:1
        ((4096, 4096), 39 * 39),
    ],
)
def test_sources_from_gpt_image_2_are_paid_by_patches(size: tuple[int, int], tokens: int) -> None:
    assert input_image_tokens("gpt-image-2", size, None) == tokens


@settings(deadline=None)
@given(width=st.integers(1, 30_000), height=st.integers(1, 30_000))
def test_a_source_never_costs_more_than_the_bound_taken_for_an_unknown_one(width: int, height: int) -> None:
    for model, fidelity in [("gpt-image-1", None), ("gpt-image-1", "high"), ("gpt-image-2", None)]:
        known = likely(
            model,
            prompt="",
            image_sizes=[(width, height)],
            size="1024x1024",
            quality="low",
            fidelity=fidelity,
        )
        unknown = likely(
            model, prompt="", image_sizes=[None], size="1024x1024", quality="low", fidelity=fidelity
        )
        assert known
        assert unknown
        assert unknown.low <= known.low <= known.high <= unknown.high
        assert unknown.low < unknown.high / (1 + MARKUP)


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("azure/openai/gpt-image-1.5", "gpt-image-1.5"),
        ("GPT-Image-1", "gpt-image-1"),
        ("openai/gpt-image-1-mini", "gpt-image-1-mini"),
        ("azure/gpt-image-1.5@eu", "gpt-image-1.5"),
        ("openai/gpt-image-2-2026-04-21", "gpt-image-2"),
        ("azure/gpt-image-2-2026-04-21@sweden-central", "gpt-image-2"),
        ("gpt-image-2.5-sunburst-20260908", "gpt-image-2.5-sunburst"),
        ("gpt-image-1-mini-latest", "gpt-image-1-mini"),
    ],
)
def test_a_routed_name_finds_its_price(name: str, listed: str) -> None:
    assert price_of(name) is PRICES[listed]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "dall-e-2",
        "gpt-image-1-turbo",
        "gpt-image-15",
        "my-gpt-image-1",
        "gpt-image-1/other",
        "gpt-image-3",
    ],
)
def test_an_unknown_name_finds_no_price(name: str) -> None:
    assert price_of(name) is None


def test_prices_say_when_they_were_read() -> None:
    assert PRICES_AS_OF == "2026-11"
    first = PRICES["gpt-image-1"]
    assert (first.text_in, first.image_in, first.image_out) == (5, 10, 40)


def test_text_tokens_leave_room_for_other_scripts_and_what_is_billed_unlisted() -> None:
    assert text_tokens("") == (0, 32)
    assert text_tokens("a red hat on it!") == (4, 36)
    assert text_tokens("赤い帽子") == (1, 36)


def test_an_estimate_is_tokens_times_rates_up_to_the_routers_markup() -> None:
    cost = likely(FIRST, prompt="a hat", image_sizes=[SQUARE], size="1024x1024", quality="low")
    assert cost
    assert cost.basis == "estimate"
    assert cost.low == pytest.approx((2 * 5 + 194 * 8 + 272 * 32) / 1e6)
    assert cost.high == pytest.approx((34 * 5 + 194 * 8 + 272 * 32) / 1e6 * 1.05)


def test_auto_spans_what_it_can_become() -> None:
    def cost(size: str, quality: str) -> Cost:
        found = likely(FIRST, prompt="a hat", image_sizes=[SQUARE], size=size, quality=quality)
        assert found
        return found

    every = [
        cost(size, level)
        for size in ("1024x1024", "1024x1536", "1536x1024")
        for level in ("low", "medium", "high")
    ]
    assert cost("auto", "auto").low == min(each.low for each in every)
    assert cost("auto", "auto").high == max(each.high for each in every)
    assert cost("1024x1024", "auto").high == cost("1024x1024", "high").high
    assert cost("auto", "low").high == cost("1024x1536", "low").high


def test_n_multiplies_everything_and_previews_raise_only_the_upper_end() -> None:
    one = likely(FIRST, prompt="a", image_sizes=[SQUARE], size="1024x1024", quality="low")
    four = likely(FIRST, prompt="a", image_sizes=[SQUARE], size="1024x1024", quality="low", n=4)
    seen = likely(FIRST, prompt="a", image_sizes=[SQUARE], size="1024x1024", quality="low", partial_images=3)
    assert one
    assert four
    assert seen
    assert (four.low, four.high) == (pytest.approx(4 * one.low), pytest.approx(4 * one.high))
    assert seen.low == one.low
    assert seen.high - one.high == pytest.approx(300 * 32 / 1e6 * 1.05)


@pytest.mark.parametrize(
    ("size", "quality", "listed"),
    [
        ("1024x1024", "low", 0.005),
        ("1024x1024", "medium", 0.011),
        ("1024x1024", "high", 0.036),
        ("1536x1024", "high", 0.052),
    ],
)
def test_minis_range_covers_both_of_its_official_prices(size: str, quality: str, listed: float) -> None:
    cost = likely("gpt-image-1-mini", prompt="", image_sizes=[], size=size, quality=quality)
    tokens = output_tokens("gpt-image-1-mini", SQUARE if size == "1024x1024" else LANDSCAPE, quality)
    assert cost
    assert tokens
    assert cost.low == pytest.approx(tokens * 8 / 1e6)
    assert cost.high >= listed > cost.low


def test_high_fidelity_of_later_sources_is_a_range() -> None:
    alone = likely(
        "gpt-image-1", prompt="", image_sizes=[SQUARE], size="1024x1024", quality="low", fidelity="high"
    )
    both = likely(
        "gpt-image-1",
        prompt="",
        image_sizes=[SQUARE, SQUARE],
        size="1024x1024",
        quality="low",
        fidelity="high",
    )
    assert alone
    assert both
    assert both.low - alone.low == pytest.approx(194 * 10 / 1e6)
    assert both.high - alone.high == pytest.approx((194 + 4160) * 10 / 1e6 * 1.05)


def test_offline_models_are_free_before_and_after() -> None:
    assert likely("offline/painter", prompt="a", image_sizes=[None], n=10) == FREE
    assert actual("offline/painter", {"cost": 3}) == actual("offline/painter", None) == FREE


def test_a_reported_cost_is_believed_for_any_model() -> None:
    assert actual("some/model", {"cost": 0.0421, "input_tokens": 1}) == Cost(0.0421, 0.0421, "reported")
    assert actual(FIRST, {"cost": 0}) == Cost(0, 0, "reported")


def test_usage_is_priced_by_its_details() -> None:
    usage = {
        "input_tokens": 371,
        "input_tokens_details": {"image_tokens": 352, "text_tokens": 19},
        "output_tokens": 439,
        "output_tokens_details": {"image_tokens": 439, "text_tokens": 0},
        "total_tokens": 810,
    }
    cost = actual("gpt-image-2", usage)
    assert cost
    assert cost.basis == "usage"
    assert cost.low == pytest.approx(0.016081)
    assert cost.high == pytest.approx(0.016081 * 1.05)


def test_usage_without_the_split_is_a_range_and_half_a_split_is_completed() -> None:
    whole = actual("gpt-image-1", {"input_tokens": 100, "output_tokens": 272})
    assert whole
    assert whole.low == pytest.approx((100 * 5 + 272 * 40) / 1e6)
    assert whole.high == pytest.approx((100 * 10 + 272 * 40) / 1e6 * 1.05)
    for details in ({"text_tokens": 40}, {"image_tokens": 60}):
        half = actual(
            "gpt-image-1", {"input_tokens": 100, "output_tokens": 272, "input_tokens_details": details}
        )
        assert half
        assert half.low == pytest.approx((40 * 5 + 60 * 10 + 272 * 40) / 1e6)


def test_text_among_the_output_has_its_own_rate() -> None:
    usage = {"input_tokens": 0, "output_tokens": 300, "output_tokens_details": {"text_tokens": 28}}
    cost = actual("gpt-image-2.5-flare", usage)
    assert cost
    assert cost.low == pytest.approx((28 * 10 + 272 * 30) / 1e6)
    more_text_than_output = usage | {"output_tokens_details": {"text_tokens": 999}}
    cost = actual("gpt-image-2.5-flare", more_text_than_output)
    assert cost
    assert cost.low == pytest.approx(300 * 10 / 1e6)


@pytest.mark.parametrize("cost", ["0.04", -1, math.nan, math.inf, None, True, 10**400, [1], {}])
def test_a_cost_that_is_no_amount_is_passed_over(cost: object) -> None:
    assert actual(FIRST, {"cost": cost}) is None
    found = actual(FIRST, {"cost": cost, "input_tokens": 0, "output_tokens": 1})
    assert found
    assert found.basis == "usage"


@pytest.mark.parametrize(
    "usage", [None, {}, {"input_tokens": 5}, {"output_tokens": 5}, {"input_tokens": -5, "output_tokens": 5}]
)
def test_too_little_usage_gives_no_cost(usage: dict[str, object] | None) -> None:
    assert actual(FIRST, usage) is None


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | st.just(10**400),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["text_tokens", "image_tokens", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = [
    "cost",
    "input_tokens",
    "output_tokens",
    "total_tokens",
    "input_tokens_details",
    "output_tokens_details",
]


# a busy machine is slow to draw the first example; that says nothing about the code
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(usage=st.dictionaries(st.sampled_from(FIELDS), JUNK))
def test_no_usage_raises_or_gives_an_impossible_cost(usage: dict[str, object]) -> None:
    cost = actual(FIRST, usage)
    if cost is not None:
        assert 0 <= cost.low <= cost.high < math.inf
        assert format_usd(cost).startswith("$")


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (FREE, "free"),
        (Cost(0.0421, 0.0421, "reported"), "$0.0421"),
        (Cost(0, 0, "reported"), "$0.00"),
        (Cost(12.3456, 12.3456, "reported"), "$12.35"),
        (Cost(0.00042, 0.00042, "reported"), "$0.000420"),
        (Cost(0.0421, 0.168, "estimate"), "$0.04\N{EN DASH}0.17 (estimate)"),
        (Cost(0.0421, 0.0442, "usage"), "$0.042\N{EN DASH}0.044 (by tokens)"),
        (Cost(0.0027, 0.0384, "estimate"), "$0.0027\N{EN DASH}0.04 (estimate)"),
        (Cost(0.2, 0.2, "estimate"), "$0.2000 (estimate)"),
    ],
)
def test_costs_are_written_with_as_few_places_as_tell_them_apart(cost: Cost, text: str) -> None:
    assert format_usd(cost) == text


def test_pricing_imports_nothing_heavy() -> None:
    heavy = "{'numpy', 'httpx', 'starlette'}"
    code = f"import sys, requesty_nb.pricing; print({heavy} & {{*sys.modules}})"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
