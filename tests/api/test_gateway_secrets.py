"""Keys, sessions, cursors: what callers hold, and that nothing else opens a door."""

import contextlib

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import BadCursor, decode_cursor, encode_cursor
from api.keyring import ALGORITHM, ISSUER, Keyring
from api.keys import derive, hash_key, hash_sign_in_token, hash_ticket, new_key
from api.sessions import AUDIENCE, SESSION_S, Sessions

SECRET = "a-secret-for-tests-and-nothing-else-0123456789"
NOW_S = 1_800_000_000.0
KEY_ID = derive(SECRET, "key-id").hex()[:16]


class Clock:
    def __init__(self) -> None:
        self.now_s = NOW_S

    def __call__(self) -> float:
        return self.now_s


def test_keys_are_unlike_and_show_their_prefix() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith(prefix) and len(prefix) == 12 and len(key) > 40 for key, prefix in keys)


def test_one_secret_opens_one_kind_of_door() -> None:
    hashes = {hash_key(SECRET, "x"), hash_sign_in_token(SECRET, "x"), hash_ticket(SECRET, "x"), hash_key("other", "x")}
    assert len(hashes) == 4
    assert all(len(each) == 32 for each in hashes)


def test_a_key_of_strange_characters_is_hashed_all_the_same() -> None:
    assert len(hash_key(SECRET, "k\udcff\x00é")) == 32


def test_a_session_says_whose_it_is_until_it_ends() -> None:
    clock = Clock()
    sessions = Sessions(Keyring(SECRET), clock)
    cookie = sessions.issue(7, api_key_id=3)
    session = sessions.read(cookie)
    assert session is not None
    assert (session.client_id, session.api_key_id) == (7, 3)
    clock.now_s += SESSION_S - 1
    assert sessions.read(cookie) is not None
    clock.now_s += 1
    assert sessions.read(cookie) is None


CONSOLE_ID = "6f1e3c1a-8a5a-4d7e-9a51-0d6f7a1f2b3c"


def forged(secret: bytes | None, algorithm: str = ALGORITHM, **changes: object) -> str:
    claims = {
        "sub": "1",
        "iss": ISSUER,
        "aud": AUDIENCE,
        "iat": int(NOW_S),
        "exp": int(NOW_S) + 100,
        "con": CONSOLE_ID,
        **changes,
    }
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None}, secret, algorithm, headers={"kid": KEY_ID}
    )


RIGHT = derive(SECRET, "console-session")


def test_what_is_forged_below_would_open_the_door_if_nothing_was_changed() -> None:
    assert Sessions(Keyring(SECRET), Clock()).read(forged(RIGHT)) is not None


@pytest.mark.parametrize(
    "cookie",
    [
        forged(derive("another-secret", "console-session")),
        forged(None, "none"),
        forged(RIGHT + RIGHT, "HS512"),
        forged(RIGHT, aud="another-audience"),
        forged(RIGHT, iss="another-issuer"),
        forged(RIGHT, iss=None),
        forged(RIGHT, exp=None),
        forged(RIGHT, sub=None),
        forged(RIGHT, sub="one"),
        forged(RIGHT, key="not a number"),
        forged(RIGHT, sid="not a uuid"),
        forged(RIGHT, sid=7),
        "",
        "a.b.c",
        "x" * 5000,
    ],
)
def test_what_was_not_issued_here_is_no_session(cookie: str) -> None:
    assert Sessions(Keyring(SECRET), Clock()).read(cookie) is None


@given(st.integers(1, 2**63 - 1))
def test_a_cursor_comes_back(sequence: int) -> None:
    assert decode_cursor(encode_cursor(sequence)) == sequence


@given(st.text(max_size=64))
def test_a_damaged_cursor_is_refused(text: str) -> None:
    with contextlib.suppress(BadCursor):
        assert encode_cursor(decode_cursor(text)) == text.rstrip("=")


@pytest.mark.parametrize("sequence", [0, -1, 2**63])
def test_a_cursor_out_of_range_is_refused(sequence: int) -> None:
    with pytest.raises(BadCursor):
        decode_cursor(encode_cursor(sequence))
