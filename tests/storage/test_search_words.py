from hypothesis import given
from hypothesis import strategies as st

from storage.search_words import WORD_LENGTH_MAX, WORDS_MAX, lexemes, question, words_of


def test_words_are_runs_of_letters_and_digits() -> None:
    assert words_of(["acct-00012", None, "Zürich_West", "9 payments; 9 of them"]) == [
        *("acct", "00012", "zürich", "west", "9", "payments", "of", "them")
    ]  # fmt: skip


def test_a_question_asks_for_beginnings_within_the_client() -> None:
    assert question(7, "Acct-0 nai") == "'7:acct':* & '7:0':* & '7:nai':*"
    assert question(7, "-- ' \\ &") is None
    assert lexemes(7, ["Nairobi"]) == ["7:nairobi"]


@given(st.lists(st.text(max_size=200), max_size=20))
def test_words_are_bounded_and_harmless(texts: list[str]) -> None:
    words = words_of(texts)
    assert len(words) <= WORDS_MAX
    assert all(0 < len(word) <= WORD_LENGTH_MAX and word.isalnum() for word in words)
