// Keeps the screen of a phone that broadcasts awake. The browser takes the lock away with every look at another tab, so
// it is asked for again.

export class WakeLock {
    #lock = null;
    #isWanted = false;

    constructor() {
        document.addEventListener("visibilitychange", () => this.#take());
    }

    set(isWanted) {
        if (this.#isWanted === isWanted) return;
        this.#isWanted = isWanted;
        if (isWanted) return this.#take();
        this.#lock?.release().catch(() => {});
        this.#lock = null;
    }

    async #take() {
        if (!this.#isWanted || document.hidden || (this.#lock && !this.#lock.released)) return;
        this.#lock = await navigator.wakeLock?.request("screen").catch(() => null) ?? null;
        if (!this.#isWanted) this.#lock?.release().catch(() => {});
    }
}
