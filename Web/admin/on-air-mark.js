// Remembers over a reload that this page was broadcasting a show. A tab that was duplicated has the same memory, so it
// counts only while no other tab is at it.

/** So long ago it may have been. */
const patience = 120_000;
const mutedKey = (streamId) => `vitrine.muted.${streamId}`;
const key = (streamId) => `vitrine.on-air.${streamId}`;

/** Only the show that a reloaded page opens first may go on: what is opened later is opened by hand. */
let isReload = performance.getEntriesByType("navigation")[0]?.type === "reload";

/** The reload came to nothing. */
export function forgetReload() {
    isReload = false;
}

export class OnAirMark {
    #streamId;
    #timer = null;
    #release = null;

    constructor(streamId) {
        this.#streamId = streamId;
    }

    /** Whether this page was broadcasting this show, was reloaded a moment ago, and no other does so. Who has left it and
     *  comes back presses anew. */
    async wasOnAir() {
        const wasReload = isReload;
        forgetReload();
        const time = Number(sessionStorage.getItem(key(this.#streamId)));
        if (!wasReload) return false;
        if (!time || Math.abs(Date.now() - time) > patience) return false;
        if (!navigator.locks) return true;
        return new Promise((resolve) => {
            navigator.locks.request(key(this.#streamId), { ifAvailable: true }, (lock) => resolve(lock !== null)).catch(() => resolve(false));
        });
    }

    /** Whether its host was muted then: who reloads must not be heard unasked. */
    get wasMuted() { return sessionStorage.getItem(mutedKey(this.#streamId)) !== null; }

    noteMuted(isMuted) {
        if (isMuted) sessionStorage.setItem(mutedKey(this.#streamId), "yes");
        else sessionStorage.removeItem(mutedKey(this.#streamId));
    }

    set(isOnAir) {
        if (!isOnAir) sessionStorage.removeItem(key(this.#streamId));
        if (isOnAir === (this.#timer !== null)) return;
        clearInterval(this.#timer);
        this.#timer = null;
        this.#release?.();
        this.#release = null;
        if (!isOnAir) return;
        const note = () => sessionStorage.setItem(key(this.#streamId), String(Date.now()));
        note();
        this.#timer = setInterval(note, 5000);
        navigator.locks?.request(key(this.#streamId), () => new Promise((resolve) => { this.#release = resolve; })).catch(() => {});
    }

    /** The page goes, and the memory stays. */
    suspend() {
        clearInterval(this.#timer);
        this.#timer = null;
        this.#release?.();
    }
}
