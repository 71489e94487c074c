"""How good a model is on a period that it has not seen: figures, intervals, baselines, segments."""
