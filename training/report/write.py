"""The files of a report, by name, for the model's folder."""

from training.evaluation.result import as_json
from training.report.card import card
from training.report.contents import Contents
from training.report.html import card_page, page
from training.report.markdown import report

EVALUATION_FILE, HTML_FILE, MARKDOWN_FILE, CARD_FILE = "evaluation.json", "report.html", "report.md", "card.md"
CARD_PAGE_FILE = "card.html"


def report_files(contents: Contents) -> dict[str, bytes]:
    """Name -> content."""
    return {
        EVALUATION_FILE: as_json(contents.evaluation),
        HTML_FILE: page(contents).encode(),
        MARKDOWN_FILE: report(contents).encode(),
        CARD_FILE: card(contents).encode(),
        CARD_PAGE_FILE: card_page(contents).encode(),
    }
