// Whether a page notices that its server is gone.
import assert from "node:assert/strict";
import test from "node:test";
import { Liveness } from "../../Web/shared/liveness.js";

function watch() {
    const clock = { now: 0, silences: 0 };
    clock.liveness = new Liveness(() => { clock.silences += 1; }, () => clock.now);
    clock.liveness.begin();
    /** The page looks once a second. */
    clock.pass = (milliseconds, step = 1000) => {
        for (let passed = 0; passed < milliseconds; passed += step) {
            clock.now += step;
            clock.liveness.judge();
        }
    };
    return clock;
}

test("silence is noticed within ten seconds, once", () => {
    const clock = watch();
    clock.pass(8_000);
    assert.equal(clock.silences, 0);
    clock.pass(20_000);
    assert.equal(clock.silences, 1);
    clock.liveness.end();
});

test("a beat every four seconds is enough", () => {
    const clock = watch();
    for (let beat = 0; beat < 20; beat++) {
        clock.pass(4_000);
        clock.liveness.note();
    }
    assert.equal(clock.silences, 0);
    clock.liveness.end();
});

test("a tab that was frozen first hears what has come meanwhile", () => {
    const clock = watch();
    clock.pass(60_000, 60_000);
    assert.equal(clock.silences, 0);
    clock.liveness.note();
    clock.pass(8_000);
    assert.equal(clock.silences, 0);
    clock.pass(2_000);
    assert.equal(clock.silences, 1);
    clock.liveness.end();
});
