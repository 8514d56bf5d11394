// What somebody wrote, kept until the server has it: sent one line after the other, so that they are said in the order in
// which they were written; sent again after every reconnect, and counted there once.

/** So long a line counts as being on its way. */
const patience = 10_000;
/** The server takes a line a second. */
const pause = 1200;

const newName = () => crypto.randomUUID?.() ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Dispatches `change` (detail: the line, `{name, text, state}` with state "sending", "unsent" or "sent" and, once it is
 * sent, its `id`) and `refused` (detail: `{line, message}`) for one that the server will never take.
 */
export class Outbox extends EventTarget {
    #signaling;
    #key;
    /** By name, in the order of writing. */
    #lines = new Map();
    /** The one that the server has not answered yet; the others wait behind it. */
    #current = null;
    #pause = null;

    /**
     * @param {Signaling} signaling
     * @param {string} streamId lines wait in this tab's storage over a reload, for each show apart
     */
    constructor(signaling, streamId) {
        super();
        this.#signaling = signaling;
        this.#key = `vitrine.outbox.${streamId}`;
        signaling.addEventListener("joined", () => this.#begin());
        signaling.addEventListener("away", () => this.#pauseEnds());
        signaling.addEventListener("chat_accepted", ({ detail }) => this.#accepted(detail));
        signaling.addEventListener("error", ({ detail }) => this.#failed(detail));
        for (const { name, text } of this.#stored()) this.#add(name, text);
    }

    get lines() { return [...this.#lines.values()]; }

    say(text) {
        this.#wait(this.#add(newName(), text));
        this.#store();
        this.#next();
    }

    /** Somebody wants this one tried again now. */
    tryAgain(name) {
        const line = this.#lines.get(name);
        if (!line) return;
        this.#wait(line);
        this.#next();
    }

    /** Somebody doesn't want it said any more. */
    drop(name) {
        const line = this.#lines.get(name);
        if (!line) return;
        clearTimeout(line.timer);
        this.#lines.delete(name);
        if (line === this.#current) this.#current = null;
        this.#store();
    }

    #add(name, text) {
        const line = { name, text, state: "sending", isWaiting: true, timer: null };
        this.#lines.set(name, line);
        return line;
    }

    /** It is to be sent when its turn comes; who waits too long for that is told. */
    #wait(line) {
        line.isWaiting = true;
        clearTimeout(line.timer);
        line.timer = setTimeout(() => this.#set(line, "unsent"), patience);
        this.#set(line, "sending");
    }

    /** A new connection: nothing is under way on it, and all that is left gets its turn. */
    #begin() {
        this.#pauseEnds();
        for (const line of this.#lines.values()) this.#wait(line);
        this.#next();
    }

    #pauseEnds() {
        clearTimeout(this.#pause);
        this.#pause = this.#current = null;
    }

    #next() {
        if (this.#current || this.#pause !== null || !this.#signaling.isOpen) return;
        const line = this.lines.find(({ isWaiting }) => isWaiting);
        if (!line) return;
        line.isWaiting = false;
        this.#current = line;
        this.#signaling.send("chat", { text: line.text, client_message_id: line.name });
    }

    #accepted({ client_message_id: name, id }) {
        const line = this.#lines.get(name);
        if (!line) return;
        this.drop(name);
        line.id = id;
        this.#set(line, "sent");
        // It goes on: those behind it are not stuck, only many.
        for (const other of this.#lines.values()) if (other.isWaiting) this.#wait(other);
        this.#next();
    }

    #failed({ code, message, client_message_id: name }) {
        const line = this.#lines.get(name);
        if (!line) return;
        if (line === this.#current) this.#current = null;
        if (code === "rate_limited") {
            line.isWaiting = true;
            this.#pause = setTimeout(() => {
                this.#pause = null;
                this.#next();
            }, pause);
            return;
        }
        if (code === "unavailable") {
            clearTimeout(line.timer);
            this.#set(line, "unsent");
        } else {
            this.drop(name);
            this.dispatchEvent(new CustomEvent("refused", { detail: { line, message } }));
        }
        this.#next();
    }

    #set(line, state) {
        line.state = state;
        this.dispatchEvent(new CustomEvent("change", { detail: line }));
    }

    #stored() {
        try {
            return JSON.parse(sessionStorage.getItem(this.#key)) ?? [];
        } catch {
            return [];
        }
    }

    #store() {
        try {
            sessionStorage.setItem(this.#key, JSON.stringify(this.lines.map(({ name, text }) => ({ name, text }))));
        } catch {
            // Without storage a line waits as long as its page.
        }
    }
}
