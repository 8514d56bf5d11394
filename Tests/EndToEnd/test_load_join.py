"""The measurement of joins by relay measures something."""

from load_join import NAMES, measure, summary


def test_a_few_joins_by_relay(playwright):
    stages = summary(measure(playwright, 3))
    assert list(stages) == NAMES
    # In the order in which they must come, and not after a time that no customer would wait.
    medians = [stages[name]["p50"] for name in NAMES]
    assert medians == sorted(medians) and 10 < medians[0] and medians[-1] < 3_000
