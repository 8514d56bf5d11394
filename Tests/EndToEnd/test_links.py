"""What a viewer gets over a link that doesn't carry the show: real browsers, a link made of two tun devices."""

import pytest

from linked_viewer import measure
from netns import Unavailable


def test_a_link_that_gets_narrow_is_not_overloaded_and_the_picture_comes_back(playwright):
    narrow, wide = 300, 6_000
    try:
        figures = measure(playwright, ["--steps", f"{wide}@0,{narrow}@8,{wide}@18"], 26)
    except Unavailable as reason:
        pytest.skip(str(reason))
    seconds = figures["link"]["to_b"]["seconds"]
    sent = [bytes_in * 8 / 1_000 for bytes_in, _, _ in seconds]
    print({name: figures[name] for name in ("watchable", "frames", "concealed", "qualities", "sent")}, [round(each) for each in sent])
    # Two seconds are for finding out; what is sent from then on is no more than the link carries.
    assert max(sent[10:18]) <= 1.3 * narrow, sent
    assert sum(sent[10:18]) / 8 <= 1.1 * narrow, sent
    assert max(sent[20:26]) > 2 * narrow, "the picture has not come back"
    assert figures["concealed"] < 0.05
    assert figures["qualities"][0] == "Good" and {"Weak connection", "Sound only"} & set(figures["qualities"])
