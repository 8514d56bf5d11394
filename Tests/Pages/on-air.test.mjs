// The studio's state machine, without a browser: what people, cameras and the server do in random order.
import assert from "node:assert/strict";
import test from "node:test";
import { OnAir } from "../../Web/admin/on-air.js";

const scheduled = { status: "scheduled", broadcaster: null };
const live = (broadcaster) => ({ status: "live", broadcaster });

/** A page that has opened its camera before a show. */
function ready() {
    const page = new OnAir(scheduled);
    page.joined(scheduled, false);
    assert.deepEqual(page.pressStartCamera(), ["open-camera"]);
    page.cameraOpened();
    return page;
}

/** A page that is on air. */
function onAir() {
    const page = ready();
    assert.deepEqual(page.pressGoLive(), ["start_stream"]);
    page.told(live("studio"));
    page.placeChanged(true, "studio");
    assert.equal(page.mode, "on-air");
    return page;
}

test("a show goes on air by two presses, and a second press on the same spot does nothing", () => {
    const page = ready();
    assert.deepEqual(page.pressGoLive(), ["start_stream"]);
    assert.deepEqual(page.pressGoLive(), []);
    assert.equal(page.isOnAir, false, "not before the server says so");
    page.told(live("studio"));
    page.placeChanged(true, "studio");
    assert.equal(page.isOnAir, true);
    assert.deepEqual(page.pressGoLive(), []);
});

test("a start that the server refuses can be pressed again", () => {
    const page = ready();
    page.pressGoLive();
    page.refused("start_stream");
    assert.equal(page.isOnAir, false);
    assert.deepEqual(page.pressGoLive(), ["start_stream"]);
});

test("whoever opens a show that is on air only looks on", () => {
    for (const broadcaster of ["studio", "encoder", null]) {
        const page = new OnAir(live(broadcaster));
        assert.equal(page.place, "none");
        assert.deepEqual(page.joined(live(broadcaster), false), []);
        assert.equal(page.holdsCamera, false);
        assert.deepEqual(page.pressStartCamera(), []);
        assert.equal(page.mode, { studio: "other", encoder: "encoder" }[broadcaster] ?? "nobody");
    }
});

test("taking over opens the camera first, so that a refused camera displaces nobody", () => {
    const page = new OnAir(live("studio"));
    page.joined(live("studio"), false);
    assert.deepEqual(page.pressTakeOver(), ["open-camera"]);
    page.cameraFailed();
    assert.equal(page.mode, "other");
    assert.equal(page.holdsCamera, false);
    assert.deepEqual(page.pressTakeOver(), ["open-camera"]);
    assert.deepEqual(page.cameraOpened(), ["take_over"]);
    assert.equal(page.isOnAir, false);
    page.placeChanged(true, "studio");
    assert.equal(page.isOnAir, true);
});

test("a reload goes on by itself, a duplicate or a page from yesterday doesn't", () => {
    const page = new OnAir(live("studio"), true);
    assert.equal(page.place, "if_free");
    assert.deepEqual(page.joined(live("studio"), true), ["open-camera"]);
    page.cameraOpened();
    assert.equal(page.isOnAir, true);

    const displaced = new OnAir(live("studio"), true);
    assert.deepEqual(displaced.joined(live("studio"), false), []);
    assert.equal(displaced.place, "none");
    assert.equal(displaced.holdsCamera, false);

    const over = new OnAir({ status: "ended" }, true);
    assert.equal(over.place, "none");
});

test("an encoder, another window or the end take the page off the air, and nothing brings it back but a press", () => {
    const takings = [
        (page) => page.placeChanged(false, "encoder"), (page) => page.displaced(), (page) => page.told({ status: "ended" }),
        (page) => page.joined(live("studio"), false),
    ];
    for (const take of takings) {
        const page = onAir();
        assert.deepEqual(take(page), []);
        assert.equal(page.isOnAir, false);
        assert.equal(page.holdsCamera, false);
        assert.equal(page.place, "none");
        page.told(live(null));
        page.placeChanged(false, null);
        assert.equal(page.isOnAir, false);
        assert.equal(page.holdsCamera, false);
    }
});

test("a lost camera leaves the show on, and Start camera where it can be pressed", () => {
    const page = onAir();
    page.cameraLost();
    assert.equal(page.mode, "no-picture");
    assert.equal(page.isBroadcaster, true);
    assert.equal(page.can.startCamera, true);
    page.pressStartCamera();
    page.cameraFailed();
    assert.equal(page.can.startCamera, true, "it can be tried again");
    page.pressStartCamera();
    page.cameraOpened();
    assert.equal(page.isOnAir, true);
});

test("a dropped socket keeps the page on air where nobody has taken over", () => {
    const page = onAir();
    assert.equal(page.place, "if_free");
    assert.deepEqual(page.joined(live("studio"), true), []);
    assert.equal(page.isOnAir, true);
});

test("leaving gives the place up only when it was this page's", () => {
    assert.deepEqual(onAir().leave(), ["leave_place"]);
    assert.deepEqual(ready().leave(), []);
    assert.deepEqual(new OnAir(live("studio")).leave(), []);
});

test("of two who go live in the same moment the slower one's camera closes, in whatever order he hears of it", () => {
    for (const order of [["told", "refused"], ["refused", "told"]]) {
        const page = ready();
        page.pressGoLive();
        for (const step of order) step === "told" ? page.told(live("studio")) : page.refused("start_stream", "already_live");
        assert.equal(page.holdsCamera, false, order.join());
        assert.equal(page.mode, "other");
    }
});

test("an end that was confirmed holds: nothing leaves the page, and the server hears of it whatever becomes of the line", () => {
    const page = onAir();
    assert.deepEqual(page.pressEnd(), ["end_stream"]);
    assert.equal(page.isOnAir || page.holdsCamera || page.isBroadcaster, false, "not even while the server doesn't answer");
    assert.equal(page.mode, "ending");
    assert.deepEqual(page.pressEnd(), []);
    assert.equal(page.can.takeOver || page.can.startCamera, false);
    assert.deepEqual(page.joined(live("studio"), true), ["end_stream"], "said again after a reconnect");
    page.placeChanged(true, "studio");
    assert.equal(page.isOnAir, false);
    page.refused("end_stream", "unavailable");
    assert.equal(page.isEnding, true, "the store is away for a moment");
    page.told({ status: "ended" });
    assert.equal(page.mode, "over");
    assert.deepEqual(page.joined({ status: "ended" }, false), []);
});

/** A small generator with a seed: the same run again when something fails. */
function* random(seed) {
    let state = seed;
    while (true) {
        state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
        yield state / 4_294_967_296;
    }
}

test("whatever happens: no camera and no picture without a press for this show", () => {
    for (let seed = 1; seed <= 300; seed++) {
        const numbers = random(seed);
        const pick = (list) => list[Math.floor(numbers.next().value * list.length)];
        const begin = pick([scheduled, live("studio"), live("encoder"), live(null)]);
        const page = new OnAir(begin);
        let hasPressed = false;
        for (let step = 0; step < 200; step++) {
            const broadcaster = pick(["studio", "encoder", null]);
            const event = pick(["start", "live", "take", "end", "opened", "failed", "lost", "joined", "joined", "place", "told", "ended", "displaced", "refused", "leave"]);
            const commands = {
                start: () => { hasPressed = true; return page.pressStartCamera(); },
                live: () => { hasPressed = true; return page.pressGoLive(); },
                take: () => { hasPressed = true; return page.pressTakeOver(); },
                end: () => { const made = page.pressEnd(); if (made.length > 0) hasPressed = false; return made; },
                opened: () => page.cameraOpened(), failed: () => page.cameraFailed(), lost: () => page.cameraLost(),
                joined: () => page.joined(pick([scheduled, live(broadcaster)]), pick([true, false])),
                place: () => { const held = page.holdsCamera; const made = page.placeChanged(pick([true, false]), broadcaster); if (held && !page.holdsCamera) hasPressed = false; return made; },
                told: () => page.told(pick([scheduled, live(broadcaster)])),
                ended: () => (pick([1, 2, 3, 4, 5, 6]) === 1 ? page.told({ status: "ended" }) : []),
                displaced: () => { const made = page.displaced(); hasPressed = false; return made; },
                refused: () => page.refused(pick(["start_stream", "take_over"])),
                leave: () => { const made = page.leave(); hasPressed = false; return made; },
            }[event]();
            if (page.mode === "over") hasPressed = false;
            if (commands.includes("open-camera") || page.holdsCamera) assert.ok(hasPressed, `seed ${seed}, step ${step}: a camera after ${event}`);
            if (page.isOnAir) assert.ok(hasPressed && page.holdsCamera, `seed ${seed}, step ${step}: on air after ${event}`);
            if (page.mode === "over") assert.equal(page.holdsCamera, false);
            assert.ok(!(page.can.goLive && page.can.end), "what ends is never beside what begins");
            for (const command of commands) assert.ok(["open-camera", "start_stream", "take_over", "end_stream", "leave_place"].includes(command));
        }
    }
});
