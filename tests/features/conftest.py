"""Hypothesis profiles: `make test` repeats the same examples; HYPOTHESIS_PROFILE=explore looks for new ones."""

import os

from hypothesis import HealthCheck, settings

CALM = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]

settings.register_profile("ci", max_examples=120, deadline=None, derandomize=True, suppress_health_check=CALM)
settings.register_profile("explore", max_examples=3000, deadline=None, suppress_health_check=CALM, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
