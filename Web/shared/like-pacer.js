// Every press of the heart counts: it is shown at once, and sent no faster than the server takes it.

const perSecond = 9;
const burst = 18;

export class LikePacer {
    #send;
    #waiting = 0;
    #tokens = burst;
    #updated = performance.now();
    #timer = null;

    /** @param {function(): boolean} send sends one like; false when it can't now */
    constructor(send) {
        this.#send = send;
    }

    /** Likes that the server has not been told of yet. */
    get waiting() { return this.#waiting; }

    press() {
        this.#waiting += 1;
        this.#pump();
    }

    /** The server did not take one: it goes out again later. */
    returned() {
        this.#waiting += 1;
        this.#tokens = 0;
        this.#pump();
    }

    #pump() {
        const now = performance.now();
        this.#tokens = Math.min(burst, this.#tokens + (now - this.#updated) / 1000 * perSecond);
        this.#updated = now;
        while (this.#waiting > 0 && this.#tokens >= 1 && this.#send()) {
            this.#waiting -= 1;
            this.#tokens -= 1;
        }
        clearTimeout(this.#timer);
        if (this.#waiting > 0) this.#timer = setTimeout(() => this.#pump(), 1000 / perSecond);
    }
}
