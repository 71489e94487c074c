"""What libraries warn of reaches nobody in their words: a sentence of ours, once, or silence."""

import warnings
from functools import partial

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning, UndefinedMetricWarning
from sklearn.metrics import roc_auc_score

from analysis.library_warnings import told_by


def told(*work: object) -> list[str]:
    said: list[str] = []
    with told_by(said.append):
        for step in work:
            step()  # type: ignore[operator]
    return said


def test_a_figure_of_one_class_is_told_once_in_our_words(capfd: pytest.CaptureFixture[str]) -> None:
    def measure() -> None:
        roc_auc_score([1, 1, 1], [0.1, 0.2, 0.3])

    def warn() -> None:
        warnings.warn("No positive class found", UndefinedMetricWarning, stacklevel=1)

    (sentence,) = told(measure, measure, warn)
    assert "only fraud, or none" in sentence
    assert capfd.readouterr().err == ""


def test_numpys_warnings_are_told_in_our_words() -> None:
    (nothing,) = told(lambda: np.mean(np.array([])))
    assert "missing" in nothing
    (large,) = told(lambda: np.float32(3e38) * np.array([10], np.float32))
    assert "amounts that are wrong" in large


def test_what_concerns_later_versions_is_silent() -> None:
    for kind in (FutureWarning, DeprecationWarning, ResourceWarning):
        assert told(partial(warnings.warn, "use b", kind, 1)) == []


def test_what_nobody_foresaw_names_its_library() -> None:
    with warnings.catch_warnings():
        (sentence,) = told(
            lambda: warnings.warn_explicit("odd\n  thing.", UserWarning, "/x/site-packages/xgboost/core.py", 1)
        )
    assert sentence == "xgboost warns: odd thing"
    assert (
        "bound of steps" in told(lambda: warnings.warn("lbfgs failed to converge", ConvergenceWarning, stacklevel=1))[0]
    )


def test_an_error_still_tells_what_was_warned_of() -> None:
    said: list[str] = []

    def fail() -> None:
        warnings.warn("first", UserWarning, stacklevel=1)
        raise ValueError("in the end")

    with pytest.raises(ValueError, match="in the end"), told_by(said.append):
        fail()
    assert len(said) == 1
