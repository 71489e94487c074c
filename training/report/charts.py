"""The charts of a report, from an evaluation and its findings."""

from scoring.drift import PSI_LARGE
from training.evaluation.lines import SCORE_BINS
from training.evaluation.result import Evaluation
from training.report import svg
from training.report.contents import Contents
from training.report.svg import Bar, Series

PROBABILITY_MIN = 1e-4  # where the calibration chart's axes begin


def all_charts(contents: Contents) -> dict[str, str]:
    """Name -> a `<figure>`."""
    evaluation = contents.evaluation
    return {
        "precision_recall": precision_recall(evaluation),
        "roc": roc(evaluation),
        "calibration": calibration(evaluation),
        "scores": scores(evaluation),
        "load": load(evaluation),
        "cost": cost(evaluation, contents.currency),
        "importance": importance(contents),
        "drift": drift(contents),
    }


def precision_recall(evaluation: Evaluation) -> str:
    recall, precision = evaluation.lines.precision_recall
    value = evaluation.compared[0].figures["average_precision"].value
    base = evaluation.frauds / evaluation.rows
    text = f"Average precision {value:.3f}. The dashed line is chance: {base:.2%} of the transactions are fraud."
    axes = (svg.linear("recall", 1, percent=True), svg.linear("precision", 1, percent=True))
    series = [Series("model", recall, precision), Series("chance", (0, 1), (base, base), "guide")]
    return svg.lines("Precision and recall", text, *axes, series)


def roc(evaluation: Evaluation) -> str:
    rate, recall = evaluation.lines.roc
    figures = evaluation.compared[0].figures
    text = (
        f"ROC AUC {figures['roc_auc'].value:.3f}. At 0.1 %, 0.5 % and 1 % false positives the recall is"
        f" {figures['recall_at_fpr_0.001'].value:.1%}, {figures['recall_at_fpr_0.005'].value:.1%} and"
        f" {figures['recall_at_fpr_0.01'].value:.1%}. The axis is logarithmic: banks live at its left end."
    )
    axes = (svg.powers("false-positive rate", 1e-4, 1), svg.linear("recall", 1, percent=True))
    chance = [10 ** (-4 + i / 10) for i in range(41)]
    series = [Series("model", rate, recall), Series("chance", chance, chance, "guide")]
    return svg.lines("Receiver operating characteristic", text, *axes, series)


def calibration(evaluation: Evaluation) -> str:
    predicted, observed = evaluation.lines.calibration
    text = (
        f"On the line, probabilities mean what they say. Calibration error {evaluation.calibration_error:.4f}, Brier"
        f" score {evaluation.brier:.4f}. Each point stands for rows enough that chance moves it by less than half."
    )
    axis = svg.powers("predicted probability", PROBABILITY_MIN, 1)
    series = [
        Series("model", predicted, observed, dots=True),
        Series("perfect", (PROBABILITY_MIN, 1), (PROBABILITY_MIN, 1), "guide"),
    ]
    return svg.lines("Calibration", text, axis, axis._replace(label="share of fraud"), series)


def scores(evaluation: Evaluation) -> str:
    lines = evaluation.lines
    edges = [100 / SCORE_BINS * i for i in range(SCORE_BINS)]
    highest = max(*lines.histogram_legitimate, *lines.histogram_fraud, 10)
    axes = (svg.linear("risk score", 100), svg.powers("transactions", 0.5, highest))
    series = [
        Series("legitimate", edges, lines.histogram_legitimate),
        Series("fraud", edges, lines.histogram_fraud, "two"),
    ]
    text = "How many transactions got which score; the axis of counts is logarithmic."
    return svg.columns("Distribution of scores", text, *axes, series)


def load(evaluation: Evaluation) -> str:
    at = [cut.score for cut in evaluation.cuts]
    alerts = [max(cut.alerts_a_day, 0.1) for cut in evaluation.cuts]
    text = (
        "Alerts a day that a threshold raises, fraud and not; the axis is logarithmic. Alerts start at 75 by default."
    )
    fraud = [max(cut.alerts_a_day * cut.precision, 0.1) for cut in evaluation.cuts]
    axes = (svg.linear("alert from risk score", 100), svg.powers("transactions a day", min(*fraud, 1), max(*alerts, 1)))
    series = [Series("alerts", at, alerts), Series("fraud among them", at, fraud, "two")]
    return svg.lines("Threshold and review load", text, *axes, series)


def cost(evaluation: Evaluation, currency: str) -> str:
    at, costs = [cut.score for cut in evaluation.cuts], [cut.cost for cut in evaluation.cuts]
    cheapest = min(evaluation.cuts, key=lambda cut: cut.cost)
    text = (
        "What fraud and review would have cost by the cost table, if every alert is looked into. Least at"
        f" {cheapest.score:g}: {cheapest.cost:,.0f} {currency} a day."
    )
    axes = (svg.linear("alert from risk score", 100), svg.linear(f"{currency} a day", max(costs) * 1.05))
    return svg.lines("Threshold and cost", text, *axes, [Series("cost", at, costs)])


def importance(contents: Contents) -> str:
    rows = [Bar(one.feature, one.shap, f"{one.shap:.2f}") for one in contents.findings.importances]
    text = "Mean absolute TreeSHAP contribution in log-odds, over test rows, half of them fraud where there is so much."
    return svg.bars("Importance", text, rows)


def drift(contents: Contents) -> str:
    rows = [Bar(one.feature, one.psi, f"{one.psi:.3f}") for one in contents.findings.drifted]
    text = (
        f"Population stability index from train to test, the largest ones. The dashed line is {PSI_LARGE}: a large"
        " shift."
    )
    return svg.bars("Drift of the features", text, rows, PSI_LARGE)
