"""An evaluation as rows of text, for the terminal, Markdown and HTML alike."""

from collections.abc import Sequence
from typing import NamedTuple

from training.evaluation.bootstrap import Interval
from training.evaluation.result import Evaluation, Group

COLUMNS = (  # figure, heading
    ("roc_auc", "ROC AUC"),
    ("average_precision", "average precision"),
    ("recall_at_fpr_0.001", "recall at 0.1 % FPR"),
    ("recall_at_fpr_0.005", "recall at 0.5 % FPR"),
    ("recall_at_fpr_0.01", "recall at 1 % FPR"),
    ("precision_at_fpr_0.005", "precision at 0.5 % FPR"),
    ("value_at_fpr_0.005", "value found at 0.5 % FPR"),
    ("precision_at_100", "precision of the top 100"),
    ("recall_at_100", "recall of the top 100"),
    ("precision_at_1000", "precision of the top 1,000"),
    ("recall_at_1000", "recall of the top 1,000"),
    ("card_precision_100", "card precision@100 a day"),
)


class Table(NamedTuple):
    """Headings and rows of equal length; the first column is text, the others are numbers."""

    headings: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def comparison(evaluation: Evaluation) -> Table:
    """One row a model, one column a figure, each with its interval."""
    columns = [(key, heading) for key, heading in COLUMNS if key in evaluation.compared[0].figures]
    rows = [
        (one.name, *(with_interval(one.figures[key]) for key, _ in columns), _difference(one.difference))
        for one in evaluation.compared
    ]
    return Table(("model", *(heading for _, heading in columns), "AP: this model less the other"), rows)


def narrow(evaluation: Evaluation) -> Table:
    """One row a figure, intervals of the first model only: for a terminal."""
    own, *others = evaluation.compared
    rows = [
        (
            heading,
            f"{own.figures[key].value:.3f}",
            _ends(own.figures[key]),
            *(f"{other.figures[key].value:.3f}" for other in others),
        )
        for key, heading in COLUMNS
        if key in own.figures
    ]
    return Table(("figure", "model", "95 %", *(other.name for other in others)), rows)


def transposed(table: Table) -> Table:
    """One row a figure: readable where many figures of few models are shown."""
    headings = (table.headings[0], *(row[0] for row in table.rows))
    rows = [(table.headings[i], *(row[i] for row in table.rows)) for i in range(1, len(table.headings))]
    return Table(("figure", *headings[1:]), rows)


def levels(evaluation: Evaluation) -> Table:
    """What the model's own thresholds would have meant."""
    rows = [
        (
            f"{level}, score {score} and more",
            share(evaluation.levels[f"precision_at_{level}"]),
            share(evaluation.levels[f"recall_at_{level}"]),
            f"{evaluation.levels[f'share_at_{level}'] * evaluation.rows / evaluation.days:,.1f}",
        )
        for level, score in (("review", 50), ("flag", 75), ("decline", 90))
    ]
    return Table(("level", "precision", "recall", "transactions a day"), rows)


def empty_bands(evaluation: Evaluation) -> list[str]:
    """A warning for each level that no transaction of the period reaches without passing it."""
    levels = (("review", "MEDIUM", 50, 75), ("flag", "HIGH", 75, 90), ("decline", "CRITICAL", 90, 100))
    shares = [evaluation.levels[f"share_at_{name}"] for name, *_ in levels] + [0.0]
    return [
        f"No transaction of this period has the level {level} (score {low} to {high}): its threshold decides nothing"
        " here. More data, a cost table (--cost) or an alert budget moves it."
        for (_, level, low, high), share_above, share_beyond in zip(levels, shares, shares[1:], strict=False)
        if round((share_above - share_beyond) * evaluation.rows) < 1
    ]


def groups(evaluation: Evaluation, dimension: str) -> Table:
    """The segments of one dimension, or the typologies."""
    wanted = [group for group in evaluation.groups if group.dimension == dimension]
    headings: tuple[str, ...] = (
        dimension,
        "transactions",
        "fraud",
        "recall at 0.5 % FPR",
        "recall at flag",
        "value found at flag",
    )
    if any(group.average_precision is not None for group in wanted):
        headings = (*headings, "false positives", "average precision")
    return Table(headings, [_group(group, len(headings)) for group in wanted])


def dimensions(evaluation: Evaluation) -> Sequence[str]:
    """`typology` and the segments, in the order of the evaluation."""
    return list(dict.fromkeys(group.dimension for group in evaluation.groups))


def with_interval(one: Interval) -> str:
    """`0.825 (0.80–0.85)`."""
    if one.low is None or one.high is None:
        return f"{one.value:.3f}"
    return f"{one.value:.3f} ({one.low:.3f} to {one.high:.3f})"


def _ends(one: Interval) -> str:
    return "–" if one.low is None or one.high is None else f"{one.low:.3f}–{one.high:.3f}"


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _difference(one: Interval | None) -> str:
    if one is None:
        return "–"
    if one.low is None or one.high is None:
        return f"{one.value:+.3f}"
    return f"{one.value:+.3f} ({one.low:+.3f} to {one.high:+.3f})"


def _group(group: Group, width: int) -> tuple[str, ...]:
    cells = (
        group.name,
        f"{group.rows:,}",
        f"{group.frauds:,}",
        share(group.recall),
        share(group.recall_at_flag),
        share(group.value_at_flag),
        "–" if group.false_positive_rate is None else f"{group.false_positive_rate:.2%}",
        "–" if group.average_precision is None else f"{group.average_precision:.3f}",
    )
    return cells[:width]
