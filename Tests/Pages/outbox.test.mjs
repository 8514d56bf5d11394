// What somebody writes or likes, while the server takes it slowly, refuses it or is away.
import assert from "node:assert/strict";
import test from "node:test";

/** A tab's storage, which outlives its pages. */
class Storage {
    #values = new Map();
    getItem(key) { return this.#values.get(key) ?? null; }
    setItem(key, value) { this.#values.set(key, value); }
}
globalThis.CustomEvent ??= class extends Event {
    constructor(type, { detail }) { super(type); this.detail = detail; }
};
const { Outbox } = await import("../../Web/shared/outbox.js");
const { LikePacer } = await import("../../Web/shared/like-pacer.js");

/** A server as a page meets it: it answers when the test says so. */
class Line extends EventTarget {
    isOpen = true;
    sent = [];
    send(type, fields) {
        if (!this.isOpen) return false;
        this.sent.push({ type, ...fields });
        return true;
    }
    tell(type, detail = {}) { this.dispatchEvent(new CustomEvent(type, { detail })); }
    get texts() { return this.sent.map(({ text }) => text); }
    accept({ client_message_id, client_batch_id }) {
        if (client_message_id) this.tell("chat_accepted", { client_message_id, id: `id-${client_message_id}` });
        else this.tell("likes_accepted", { client_batch_id });
    }
    refuse({ client_message_id }, code) { this.tell("error", { code, message: "no", client_message_id }); }
}

function page() {
    globalThis.sessionStorage = new Storage();
    const line = new Line();
    return { line, outbox: new Outbox(line, "show") };
}

test("lines are said in the order in which they were written, however many and however slowly they are taken", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { line, outbox } = page();
    for (const text of ["one", "two", "three"]) outbox.say(text);
    assert.deepEqual(line.texts, ["one"], "the next waits for its answer");
    line.accept(line.sent[0]);
    line.refuse(line.sent[1], "rate_limited");
    assert.deepEqual(line.texts, ["one", "two"], "the third doesn't overtake the second");
    outbox.say("four");
    t.mock.timers.tick(1_300);
    assert.deepEqual(line.texts, ["one", "two", "two"]);
    line.accept(line.sent[2]);
    line.accept(line.sent[3]);
    line.accept(line.sent[4]);
    assert.deepEqual(line.texts, ["one", "two", "two", "three", "four"]);
    assert.deepEqual(outbox.lines, []);
});

test("what was under way when the line went is said again first, under its name", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { line, outbox } = page();
    outbox.say("one");
    outbox.say("two");
    line.isOpen = false;
    line.tell("away");
    t.mock.timers.tick(11_000);
    assert.deepEqual(outbox.lines.map(({ state }) => state), ["unsent", "unsent"]);
    line.isOpen = true;
    line.tell("joined");
    assert.deepEqual(line.texts, ["one", "one"]);
    assert.equal(line.sent[0].client_message_id, line.sent[1].client_message_id);
    line.accept(line.sent[1]);
    assert.deepEqual(line.texts, ["one", "one", "two"]);
});

test("one that can't be stored now, or never, holds up none behind it", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { line, outbox } = page();
    for (const text of ["away", "bad", "good"]) outbox.say(text);
    line.refuse(line.sent[0], "unavailable");
    line.refuse(line.sent[1], "invalid");
    line.accept(line.sent[2]);
    assert.deepEqual(outbox.lines.map(({ text, state }) => [text, state]), [["away", "unsent"]]);
    outbox.tryAgain(line.sent[0].client_message_id);
    assert.deepEqual(line.texts, ["away", "bad", "good", "away"]);
});

test("lines that wait their turn are not called unsent while those before them go out", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { line, outbox } = page();
    for (let number = 0; number < 15; number++) outbox.say(String(number));
    for (let number = 0; number < 14; number++) {
        t.mock.timers.tick(1_200);
        line.accept(line.sent.at(-1));
        assert.ok(outbox.lines.every(({ state }) => state === "sending"));
    }
});

test("lines and likes outlive the page that they were written in", (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const { line, outbox } = page();
    const likes = new LikePacer(line, "show", () => {});
    likes.press();
    line.isOpen = false;
    line.tell("away");
    for (let press = 0; press < 5; press++) likes.press();
    outbox.say("hello");
    const anew = new Line();
    let counted = 0;
    const later = new Outbox(anew, "show");
    const laterLikes = new LikePacer(anew, "show", (count) => { counted += count; });
    assert.equal(laterLikes.waiting, 6);
    anew.tell("joined");
    assert.deepEqual(later.lines.map(({ text }) => text), ["hello"]);
    assert.ok(anew.texts.includes("hello"));
    const batches = anew.sent.filter(({ type }) => type === "like");
    assert.equal(batches.reduce((sum, { count }) => sum + count, 0), 6);
    assert.equal(batches[0].client_batch_id, line.sent.find(({ type }) => type === "like").client_batch_id, "counted once");
    for (const batch of batches) anew.accept(batch);
    assert.equal(laterLikes.waiting, 0);
    assert.equal(counted, 5, "nobody knows whether the first was counted before");
    assert.equal(new LikePacer(new Line(), "show", () => {}).waiting, 0);
});
