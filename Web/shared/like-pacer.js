// Every press of the heart counts: it is shown at once, sent in batches no faster than the server takes them, and kept
// until the server has it, over a reload, too.

const perSecond = 9;
const burst = 18;
const largestBatch = 20;
const interval = 300;

const newName = () => crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;

export class LikePacer {
    #signaling;
    #key;
    #onCounted;
    #pressed = 0;
    /** Batches that the server has not acknowledged, by their names. */
    #sent = new Map();
    /** Those of them that were sent once more: nobody knows whether the server had counted them before. */
    #again = new Set();
    #tokens = burst;
    #updated = performance.now();
    #timer = null;

    /**
     * @param {Signaling} signaling
     * @param {string} streamId likes wait in this tab's storage, for each show apart
     * @param {function(number)} onCounted so many are counted now that the server hasn't told of yet
     */
    constructor(signaling, streamId, onCounted) {
        this.#signaling = signaling;
        this.#key = `vitrine.likes.${streamId}`;
        this.#onCounted = onCounted;
        signaling.addEventListener("likes_accepted", ({ detail }) => this.#accepted(detail.client_batch_id));
        signaling.addEventListener("error", ({ detail }) => this.#failed(detail));
        signaling.addEventListener("joined", () => this.#sendAgain());
        this.#restore();
    }

    /** Likes that the server has not counted yet. */
    get waiting() { return [...this.#sent.values()].reduce((sum, count) => sum + count, this.#pressed); }

    press() {
        this.#pressed += 1;
        this.#store();
        if (this.#timer === null) this.#pump();
    }

    #pump() {
        const now = performance.now();
        this.#tokens = Math.min(burst, this.#tokens + (now - this.#updated) / 1000 * perSecond);
        this.#updated = now;
        const count = Math.min(this.#pressed, Math.floor(this.#tokens), largestBatch);
        if (count > 0 && this.#signaling.isOpen) {
            const name = newName();
            this.#pressed -= count;
            this.#tokens -= count;
            this.#sent.set(name, count);
            this.#store();
            this.#send(name, count);
        }
        this.#timer = this.#pressed > 0 ? setTimeout(() => this.#pump(), interval) : null;
    }

    #accepted(name) {
        const count = this.#sent.get(name);
        this.#sent.delete(name);
        this.#store();
        if (count !== undefined && !this.#again.delete(name)) this.#onCounted(count);
    }

    #send(name, count) {
        this.#signaling.send("like", { count, client_batch_id: name });
    }

    /** Another socket: what the former one may have lost goes out again, under its name. */
    #sendAgain() {
        for (const [name, count] of this.#sent) {
            this.#again.add(name);
            this.#send(name, count);
        }
        if (this.#timer === null) this.#pump();
    }

    #failed({ client_batch_id: name }) {
        const count = this.#sent.get(name);
        if (count === undefined) return;
        this.#tokens = 0;
        setTimeout(() => { if (this.#sent.has(name)) this.#send(name, count); }, 1000 + count * 110);
    }

    #store() {
        try {
            sessionStorage.setItem(this.#key, JSON.stringify({ pressed: this.#pressed, sent: [...this.#sent] }));
        } catch {
            // Without storage likes wait as long as their page.
        }
    }

    #restore() {
        try {
            const { pressed, sent } = JSON.parse(sessionStorage.getItem(this.#key));
            this.#sent = new Map(sent);
            this.#pressed = pressed;
        } catch {
            // Nothing was left.
        }
    }
}
