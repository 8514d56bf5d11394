"""A thousand customers on one stream hear what is said in time."""

from load_room import run


def test_a_message_reaches_a_thousand_customers_in_under_250_ms():
    # The best of three: a busy machine may spoil one run, but not make the server faster.
    for _ in range(3):
        figures = run(customers=1_000, messages=20)
        assert figures["received"] == 20_000
        if figures["p99_ms"] < 250:
            return
    raise AssertionError(figures)
