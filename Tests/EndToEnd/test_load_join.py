"""The measurement of joins by relay measures something."""

import pytest

from load_join import NAMES, measure, summary


@pytest.mark.browser
def test_a_few_joins_by_relay():
    stages = summary(measure(3))
    assert list(stages) == NAMES
    # In the order in which they must come, and not after a time that no customer would wait.
    medians = [stages[name]["p50"] for name in NAMES]
    assert medians == sorted(medians) and 10 < medians[0] and medians[-1] < 3_000
