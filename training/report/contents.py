"""What the page and the Markdown both say: key figures and tables, in the same words."""

from typing import NamedTuple

from scoring.drift import PSI_LARGE, PSI_NOTABLE
from scoring.manifest import Manifest
from training.evaluation import table
from training.evaluation.groups import TYPOLOGY
from training.evaluation.moments import period_text
from training.evaluation.result import Evaluation
from training.evaluation.table import Table, share
from training.report.findings import Findings, Mistake
from training.trials import Trial

TRIALS_SHOWN = 15
_PARTS = (
    ("train", "train: the final fit"),
    ("validation", "validation: rounds, calibration, thresholds"),
    ("test", "test: seen by nothing before"),
)


class Contents(NamedTuple):
    """Everything a report is made of."""

    manifest: Manifest
    evaluation: Evaluation
    findings: Findings
    currency: str
    trials: tuple[Trial, ...] = ()


class Tile(NamedTuple):
    name: str
    value: str
    detail: str


def tiles(contents: Contents) -> list[Tile]:
    """The few figures that somebody asks for first."""
    evaluation = contents.evaluation
    figures = evaluation.compared[0].figures
    made = [Tile("Fraud in the test period", f"{evaluation.frauds:,}", f"of {evaluation.rows:,} transactions")]
    for name, heading in (
        ("average_precision", "Average precision"),
        ("roc_auc", "ROC AUC"),
        ("recall_at_fpr_0.005", "Recall at 0.5 % false positives"),
        ("card_precision_100", "Card precision@100 a day"),
    ):
        one = figures[name]
        detail = "" if one.low is None else f"{one.low:.3f} to {one.high:.3f}"
        made.append(Tile(heading, f"{one.value:.3f}", detail))
    alerts = evaluation.levels["share_at_flag"] * evaluation.rows / evaluation.days
    precision = evaluation.levels["precision_at_flag"]
    made.append(Tile("Alerts a day", f"{alerts:,.0f}", f"{precision:.0%} of them fraud"))
    made.append(Tile("Calibration error", f"{evaluation.calibration_error:.4f}", "mean gap, bins of equal size"))
    return made


def period_table(contents: Contents) -> Table:
    """Which rows taught, chose and tested."""
    data = contents.manifest.data
    rows = [
        (
            meaning,
            period_text(str(data.get(f"{part}_from", "–")), str(data.get(f"{part}_to", "–"))),
            _count(data, f"{part}_rows"),
            _count(data, f"{part}_fraud"),
        )
        for part, meaning in _PARTS
        if f"{part}_rows" in data
    ]
    return Table(("part", "days", "transactions", "fraud"), rows)


def comparison_table(contents: Contents) -> Table:
    return table.transposed(table.comparison(contents.evaluation))


def cuts_table(contents: Contents) -> Table:
    """Load and cost from each tenth of the score on."""
    rows = [
        (
            f"{cut.score:g}",
            f"{cut.alerts_a_day:,.1f}",
            *(share(value) for value in (cut.precision, cut.recall, cut.value)),
            f"{cut.cost:,.0f}",
        )
        for cut in contents.evaluation.cuts[1::2]
    ]
    cost = f"cost a day, {contents.currency}"
    return Table(("alert from score", "alerts a day", "precision", "recall", "value found", cost), rows)


def segment_tables(contents: Contents) -> list[Table]:
    names = table.dimensions(contents.evaluation)
    return [table.groups(contents.evaluation, name) for name in names if name != TYPOLOGY]


def typology_table(contents: Contents) -> Table:
    groups = table.groups(contents.evaluation, TYPOLOGY)
    rows = [(name, *cells) for name, _, *cells in groups.rows]  # all its transactions are fraud
    return Table((groups.headings[0], *groups.headings[2:]), rows)


def importance_table(contents: Contents) -> Table:
    rows = [
        (one.feature, f"{one.shap:.3f}", f"{one.gain:.1%}", one.meaning or "–") for one in contents.findings.importances
    ]
    return Table(("feature", "mean |SHAP|, log-odds", "share of gain", "meaning"), rows)


def drift_table(contents: Contents) -> Table:
    rows = [(one.feature, f"{one.psi:.3f}", drift_word(one.psi)) for one in contents.findings.drifted]
    return Table(("feature", "PSI, train to test", "meaning"), rows)


def drift_word(psi: float) -> str:
    """What a PSI is by convention."""
    if psi < PSI_NOTABLE:
        return "stable"
    return "some drift" if psi < PSI_LARGE else "large drift"


def trials_table(contents: Contents) -> Table:
    """The best trials of the search."""
    tried = sorted(contents.trials, key=lambda trial: (trial.value is None, -(trial.value or 0.0), trial.number))
    names = sorted({name for trial in tried for name in trial.parameters})
    rows = [
        (
            str(trial.number),
            "pruned" if trial.value is None else f"{trial.value:.4f}",
            str(trial.rounds),
            *(f"{trial.parameters[name]:.4g}" if name in trial.parameters else "–" for name in names),
        )
        for trial in tried[:TRIALS_SHOWN]
    ]
    return Table(("trial", "average precision", "rounds", *names), rows)


def mistakes(contents: Contents) -> list[tuple[str, str, list[Mistake]]]:
    """Heading, explanation and rows of both kinds of mistake."""
    return [
        (
            "Fraud that raised no alert",
            "The ten largest amounts below the flag threshold, with the strongest reasons for the score they got.",
            contents.findings.missed,
        ),
        (
            "Legitimate payments that raised an alert",
            "The ten highest scores among legitimate payments.",
            contents.findings.false_alarms,
        ),
    ]


def blocks_sentence(evaluation: Evaluation) -> str:
    """How the intervals were made."""
    return (
        f"In brackets: 95 % intervals from {evaluation.replicates} bootstrap samples that draw whole"
        f" {evaluation.blocks}s (seed {evaluation.seed}). The last row is the difference in average precision; an"
        " interval that leaves out 0 means that the models truly differ on this period. Card precision: days are"
        " drawn."
    )


def _count(data: dict[str, str | int | float], name: str) -> str:
    value = data.get(name)
    return f"{value:,}" if isinstance(value, int) else "–"
