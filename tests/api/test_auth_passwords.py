"""Passwords: which are refused, how they are hashed, and that hashing stays within its bounds."""

import asyncio
import os
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.accounts.password_rules import DIFFERENT_MIN, PASSWORD_LENGTH_MIN, PasswordRules, refusal
from api.accounts.passwords import NICE, PASSWORD_LENGTH_MAX, Passwords
from api.problems import Problem

ACCOUNT = {"name": "Amina Otieno", "email": "amina.o@riverbank.example"}


@pytest.fixture
def passwords():
    made = Passwords(memory_kib=8, passes=1, waiting_max=3)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("short", "characters"),
        ("x" * (PASSWORD_LENGTH_MAX + 1), "characters"),
        ("aaaaaaaaaaaaaaaa", "repeats"),
        ("1212121212121212", "repeats"),
        ("qwertyuiop", "commonest"),
        ("QwertyUIOP", "commonest"),
        ("1234567890", "commonest"),
        ("password123", "commonest"),
        ("!!Password2027!!", "commonest"),
        ("dragon19831231", "commonest"),
        ("passwordpassword", "commonest"),
        ("ｐａｓｓｗｏｒｄ１２３", "commonest"),  # full-width letters are letters
        ("AminaOtieno1", "own name"),
        ("riverbank!2027", "own name"),
        ("amina.o@riverbank.example", "own name"),
        ("R1verb4nk!2027", "own name"),
        ("riskstream2027", "product's name"),
        ("R1skStre4m-R1skStre4m", "product's name"),
        ("abcdefghijklm", "pattern"),
        ("98765432109876", "pattern"),
        ("!@#$%^&*()_+", "pattern"),
        ("mnbvcxzlkjhgf", "pattern"),
        ("zxcvfdsaqwer", "pattern"),
        ("amina 14.02.1986", "pattern"),
    ],
)
def test_a_password_that_is_easy_to_guess(password: str, why: str) -> None:
    assert why in (refusal(password, **ACCOUNT) or "accepted")


@pytest.mark.parametrize(
    "password",
    [
        "giraffes read on tuesdays",
        "x7#kQ2pLm9",
        "correct horse battery staple",
        "пароль, но длинный",
        "amina likes long walks",
    ],
)
def test_a_password_that_is_accepted(password: str) -> None:
    assert refusal(password, **ACCOUNT) is None


def test_the_name_of_the_installation_is_no_password() -> None:
    assert PasswordRules("Wolkenbank").refusal("W0lkenb4nk-2027", **ACCOUNT) is not None
    assert PasswordRules("Riskstream").refusal("W0lkenb4nk-2027", **ACCOUNT) is None


@given(st.text(max_size=140), st.text(max_size=100), st.emails())
def test_rules_never_fail_and_bounds_always_hold(password: str, name: str, email: str) -> None:
    if refusal(password, name=name, email=email) is None:
        assert PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX
        assert len(set(password)) >= DIFFERENT_MIN


async def test_a_password_opens_what_it_closed(passwords: Passwords) -> None:
    stored = await passwords.hash("giraffes read on tuesdays")
    assert stored.startswith("$argon2id$")
    assert stored != await passwords.hash("giraffes read on tuesdays")
    assert (await passwords.verify("giraffes read on tuesdays", stored)).right
    assert not (await passwords.verify("giraffes read on Tuesdays", stored)).right


async def test_one_password_typed_in_two_ways(passwords: Passwords) -> None:
    stored = await passwords.hash("caf\u00e9 on tuesdays")
    assert (await passwords.verify("cafe\u0301 on tuesdays", stored)).right


async def test_an_account_that_is_not_there_and_a_damaged_row_open_nothing(passwords: Passwords) -> None:
    for stored in (None, "", "damaged", "$argon2id$v=19$m=8,t=1,p=1$c2FsdA$"):
        assert await passwords.verify("giraffes read on tuesdays", stored) == (False, None)


async def test_a_hash_of_other_costs_is_replaced_when_its_password_comes(passwords: Passwords) -> None:
    old = await passwords.hash("giraffes read on tuesdays")
    dearer = Passwords(memory_kib=16, passes=2)
    verdict = await dearer.verify("giraffes read on tuesdays", old)
    assert verdict.right
    assert verdict.rehashed is not None
    assert "m=16,t=2,p=1" in verdict.rehashed
    assert (await dearer.verify("not this one", old)).rehashed is None
    dearer.close()


async def test_only_so_many_wait_and_the_rest_is_told_to_come_back(passwords: Passwords) -> None:
    going_on = threading.Event()
    waiting = [asyncio.ensure_future(passwords.off_loop(going_on.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Problem) as refused:
        await passwords.verify("x", None)
    assert (refused.value.status_code, refused.value.kind.slug) == (503, "busy")
    assert refused.value.headers is not None
    going_on.set()
    await asyncio.gather(*waiting)
    assert not (await passwords.verify("x", None)).right


async def test_one_thread_of_low_priority_does_the_work(passwords: Passwords) -> None:
    def where() -> tuple[int, int]:
        number = threading.get_native_id()
        return number, os.getpriority(os.PRIO_PROCESS, number) if sys.platform == "linux" else NICE

    found = await asyncio.gather(*(passwords.off_loop(where) for _ in range(3)))
    assert len(set(found)) == 1
    number, nice = found[0]
    assert number != threading.get_native_id()
    assert nice == NICE
