// Whether the other end is still there: a server that says nothing else says so every four seconds.

/** So long nothing may come, in milliseconds: two beats and a little, so that it is noticed within ten seconds. */
const patience = 9000;
const interval = 1000;

export class Liveness {
    #onSilence;
    #now;
    #heard = 0;
    #looked = 0;
    #timer = null;

    /**
     * @param {function} onSilence called once when nothing has come for too long
     * @param {function(): number} now milliseconds that never step back
     */
    constructor(onSilence, now = () => performance.now()) {
        this.#onSilence = onSilence;
        this.#now = now;
    }

    begin() {
        this.note();
        this.#looked = this.#now();
        clearInterval(this.#timer);
        this.#timer = setInterval(() => this.judge(), interval);
    }

    end() {
        clearInterval(this.#timer);
        this.#timer = null;
    }

    /** Something has come. */
    note() {
        this.#heard = this.#now();
    }

    judge() {
        if (this.#timer === null) return;
        const now = this.#now();
        const sinceLook = now - this.#looked;
        this.#looked = now;
        // A tab that was frozen hears what has come meanwhile only after this: it is given another look.
        if (sinceLook > 3 * interval) return;
        if (now - this.#heard < patience) return;
        this.end();
        this.#onSilence();
    }
}
