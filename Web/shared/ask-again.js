// For what is asked again until it comes: later each time, and not in step with anybody else's page.

const first = 2000;
const longest = 60_000;

/** Calls `ask` after growing, jittered pauses until it is stopped. */
export class AskAgain {
    #ask;
    #tries = 0;
    #timer = null;

    constructor(ask) {
        this.#ask = ask;
    }

    /** Asks once more, later. */
    later() {
        clearTimeout(this.#timer);
        const pause = Math.min(longest, first * 2 ** this.#tries) * (0.5 + Math.random());
        this.#tries += 1;
        this.#timer = setTimeout(() => this.#ask(), pause);
    }

    stop() {
        clearTimeout(this.#timer);
        this.#tries = 0;
    }
}
