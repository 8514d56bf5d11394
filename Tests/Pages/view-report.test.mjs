import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameWatch } from "../../Web/watch/view-report.js";

test("frames in a steady row are counted, and none of it is a freeze", () => {
    const watch = new FrameWatch();
    for (let now = 0; now <= 10_000; now += 40) watch.frame(now);
    assert.deepEqual(watch.take(10_010), { frames: 251, frozen_ms: 0 });
    assert.deepEqual(watch.take(10_020), { frames: 0, frozen_ms: 0 });
});

test("a gap of more than half a second is one, also the one that hasn't ended", () => {
    const watch = new FrameWatch();
    watch.frame(0);
    watch.frame(499);
    watch.frame(1_499);
    assert.deepEqual(watch.take(3_499), { frames: 3, frozen_ms: 3_000 });
    watch.frame(5_499);
    assert.deepEqual(watch.take(5_500), { frames: 1, frozen_ms: 2_000 });
});

test("before the first frame nothing stands still", () => {
    assert.deepEqual(new FrameWatch().take(10_000), { frames: 0, frozen_ms: 0 });
});
