"""A report says what the evaluation says, needs no network, and escapes what strangers wrote."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from training import tune as tuning
from training.creditcard.history import RECIPE, history_of_cards
from training.creditcard.synthetic import synthetic_rows
from training.history import History
from training.options import Options
from training.train import Trained, train
from training.tune import Budget

HOSTILE = '<script>alert("x")</script>|`*'
VOID = frozenset({"meta", "link", "br", "img"})


class Tags(HTMLParser):
    """Checks that tags nest, and collects them with their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def hostile_history() -> History:
    """As after an attack: ids and kinds hold markup."""
    history = history_of_cards(synthetic_rows(1, rows=20_000), {"source": "synthetic"})

    def outcomes(rows: np.ndarray) -> "object":
        told = history.outcomes(rows)
        named = np.where(told.fraud, HOSTILE, "")
        return replace(told, transaction=np.array([f"{HOSTILE}{i}" for i in range(len(told))]), typology=named)

    return replace(history, outcomes=outcomes)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tuning, "ROUNDS_MAX", 20)
        return train(
            hostile_history(),
            tmp_path_factory.mktemp("models"),
            seed=1,
            now=datetime(2026, 3, 1, tzinfo=UTC),
            options=Options(recipe=RECIPE, replicates=5),
            budget=Budget(trials=2),
        )


@pytest.fixture(scope="module")
def page(trained: Trained) -> str:
    return (trained.folder / "report.html").read_text("utf-8")


def test_the_page_is_whole_and_needs_nothing_from_outside(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    assert tags.open == []
    assert not {"script", "img", "iframe", "object", "link"} & {tag for tag, _ in tags.seen}
    assert not re.search(r"https?:|url\(|@import", page)
    for tag, attributes in tags.seen:
        assert tag == "a" or "href" not in attributes
        assert not any(name.startswith("on") for name in attributes)


def test_the_card_is_such_a_page_too(trained: Trained) -> None:
    card = (trained.folder / "card.html").read_text("utf-8")
    tags = Tags()
    tags.feed(card)
    assert tags.open == []
    assert not {"script", "img", "iframe", "object", "link", "a"} & {tag for tag, _ in tags.seen}
    assert sum(tag == "table" for tag, _ in tags.seen) == card.count('class="scroll"') >= 2
    assert f"Model card: {trained.manifest.version}" in card
    assert "Limits</h2>" in card


def test_every_chart_has_words_for_those_who_do_not_see_it(page: str) -> None:
    tags = Tags()
    tags.feed(page)
    charts = [attributes for tag, attributes in tags.seen if tag == "svg" and attributes.get("role") == "img"]
    assert len(charts) == 8
    assert all(len(chart["aria-label"] or "") > 40 for chart in charts)
    assert sum(tag == "table" for tag, _ in tags.seen) >= 8


def test_it_says_what_the_evaluation_says(trained: Trained, page: str) -> None:
    precision = trained.evaluation.compared[0].figures["average_precision"].value
    report, card = ((trained.folder / name).read_text("utf-8") for name in ("report.md", "card.md"))
    for text in (page, report, card):
        assert f"{precision:.3f}" in text
        assert trained.manifest.version in text
    for baseline in ("amount rule", "logistic regression", "random forest"):
        assert baseline in page
        assert baseline in report


def test_what_strangers_wrote_is_escaped(trained: Trained, page: str) -> None:
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    for name in ("report.md", "card.md"):
        text = (trained.folder / name).read_text("utf-8")
        assert "<script" not in text.replace("\\<script", ""), name


def test_tables_in_markdown_are_rectangular(trained: Trained) -> None:
    for name in ("report.md", "card.md"):
        width = 0
        for line in (trained.folder / name).read_text("utf-8").splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (cells and width) or cells == width, line
            width = cells


def test_the_search_is_told(trained: Trained, page: str) -> None:
    assert "The search" in page
    assert (trained.folder / "trials.json").is_file()


def test_the_card_names_its_limits(trained: Trained) -> None:
    card = (trained.folder / "card.md").read_text("utf-8")
    for heading in ("## Data", "## Intended use", "## Not meant for", "## Limits", "## Ethical considerations"):
        assert heading in card
    assert str(Path.cwd()) not in card
