import pickle
import traceback
from pathlib import Path

import pytest

from requesty_nb import settings
from requesty_nb.errors import BadRequest
from requesty_nb.sessions import Session
from requesty_nb.settings import Secret, Settings

KEY = "rqsty-sk-made/up+0123456789abcdef"


def test_without_variables_the_defaults_hold():
    found = Settings.from_environment({})
    assert (found.base_url, found.model) == ("https://router.requesty.ai/v1", "azure/openai/gpt-image-1.5")
    assert (found.replay, found.history) == ("auto", Path("imgedit-history"))
    assert not found.api_key


def test_every_variable_is_read_and_an_empty_one_is_not_set():
    found = Settings.from_environment(
        {
            "REQUESTY_API_KEY": f" {KEY}\n",
            "REQUESTY_BASE_URL": "https://router.eu.requesty.ai/v1/",
            "REQUESTY_NB_MODEL": "offline/painter",
            "REQUESTY_NB_HISTORY": "~/edits",
            "REQUESTY_NB_REPLAY": "only",
        }
    )
    assert found.api_key.reveal() == KEY
    assert found.base_url == "https://router.eu.requesty.ai/v1"
    assert found.model == "offline/painter"
    assert (found.history, found.replay) == (Path.home() / "edits", "only")
    empty = dict.fromkeys(("REQUESTY_API_KEY", "REQUESTY_BASE_URL"), "")
    assert Settings.from_environment(empty).base_url == settings.DEFAULT_BASE_URL


@pytest.mark.parametrize(
    "variable",
    [
        {"REQUESTY_NB_REPLAY": "sometimes"},
        {"REQUESTY_API_KEY": "ключ"},
        {"REQUESTY_API_KEY": "two\nlines"},
    ],
)
def test_a_variable_that_cannot_be_right_is_refused(variable):
    with pytest.raises(BadRequest) as caught:
        Settings.from_environment(variable)
    assert caught.value.hint


@pytest.mark.parametrize(
    "address",
    ["", "router.requesty.ai/v1", "ftp://x/v1", "https://", "https:///v1", "http://[::1/v1", "https://x:port/v1",
     "https://x:99999/v1", "https://me:pw@x/v1", "https://me@x/v1", "https://x/v1?a=b", "https://x/v1?",
     "https://x/v1#top", "https://ho st/v1", "file:///etc/passwd"],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(address):
    with pytest.raises(BadRequest) as caught:
        settings.checked_base_url(address)
    assert caught.value.hint


@pytest.mark.parametrize("address", ["https://x/v1", " https://x/v1/ ", "https://x/v1//"])
def test_an_address_is_kept_without_its_trailing_slash(address):
    assert settings.checked_base_url(address) == "https://x/v1"


@pytest.mark.parametrize(
    ("address", "near"),
    [("http://127.0.0.1:8000/v1", True), ("http://127.8.9.1/v1", True), ("http://localhost:1/v1", True),
     ("http://[::1]:80/v1", True), ("https://127.0.0.1.example.com/v1", False), ("https://127.com/v1", False),
     ("https://localhost.example.com/v1", False), ("http://0.0.0.0/v1", False), ("http://10.0.0.1", False)],
)  # fmt: skip
def test_only_this_machine_is_loopback(address, near):
    assert settings.is_loopback(address) is near


def test_a_secret_is_used_but_not_shown():
    secret = Secret(KEY)
    assert secret.reveal() == KEY
    assert KEY not in f"{secret} {secret!r} {[secret]}"
    assert (bool(secret), bool(Secret(""))) == (True, False)
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    assert not hasattr(secret, "__dict__")


def test_a_secret_is_struck_out_plain_and_percent_encoded():
    said = f"{KEY} https://x/?k=rqsty-sk-made%2Fup%2B0123456789abcdef"
    assert Secret(KEY).redact(said) == "[key] https://x/?k=[key]"
    assert Secret("").redact("nothing") == "nothing"
    assert Secret("abc").redact("xabcx") == "x[key]x"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Session(api_key=os_key(), base_url="nonsense"),
        lambda: Session(api_key=os_key(), replay="never"),
        lambda: Session().configure(api_key=os_key(), replay="never"),
    ],
)
def test_a_wrong_setting_shows_the_key_in_no_variable_of_its_traceback(make):
    with pytest.raises(BadRequest) as caught:
        make()
    assert KEY not in told(caught.value)


def test_a_wrong_variable_beside_the_key_shows_it_in_no_traceback(monkeypatch):
    monkeypatch.setenv("REQUESTY_API_KEY", KEY)
    monkeypatch.setenv("REQUESTY_BASE_URL", "nonsense")
    with pytest.raises(BadRequest) as caught:
        Session()
    assert KEY not in told(caught.value)


def os_key():
    return KEY


def told(error):
    return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
