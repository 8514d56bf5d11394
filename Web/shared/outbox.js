// What somebody wrote, kept until the server has it: sent again after every reconnect, and counted there once.

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
    #lines = new Map();

    /**
     * @param {Signaling} signaling
     * @param {string} streamId lines wait in this tab's storage over a reload, for each show apart
     */
    constructor(signaling, streamId) {
        super();
        this.#signaling = signaling;
        this.#key = `vitrine.outbox.${streamId}`;
        signaling.addEventListener("joined", () => this.#sendAll());
        signaling.addEventListener("chat_accepted", ({ detail }) => this.#accepted(detail));
        signaling.addEventListener("error", ({ detail }) => this.#failed(detail));
        for (const { name, text } of this.#stored()) this.#add(name, text);
    }

    get lines() { return [...this.#lines.values()]; }

    say(text) {
        this.#send(this.#add(newName(), text));
        this.#store();
    }

    /** Somebody wants this one tried again now. */
    tryAgain(name) {
        const line = this.#lines.get(name);
        if (line) this.#send(line);
    }

    /** Somebody doesn't want it said any more. */
    drop(name) {
        const line = this.#lines.get(name);
        if (!line) return;
        clearTimeout(line.timer);
        this.#lines.delete(name);
        this.#store();
    }

    #add(name, text) {
        const line = { name, text, state: "sending", timer: null };
        this.#lines.set(name, line);
        return line;
    }

    #sendAll() {
        for (const line of this.#lines.values()) this.#send(line);
    }

    #send(line) {
        this.#signaling.send("chat", { text: line.text, client_message_id: line.name });
        clearTimeout(line.timer);
        line.timer = setTimeout(() => this.#set(line, "unsent"), patience);
        this.#set(line, "sending");
    }

    #accepted({ client_message_id: name, id }) {
        const line = this.#lines.get(name);
        if (!line) return;
        this.drop(name);
        line.id = id;
        this.#set(line, "sent");
    }

    #failed({ code, message, client_message_id: name }) {
        const line = this.#lines.get(name);
        if (!line) return;
        clearTimeout(line.timer);
        if (code === "rate_limited") {
            line.timer = setTimeout(() => this.#send(line), pause);
        } else if (code === "unavailable") {
            this.#set(line, "unsent");
        } else {
            this.drop(name);
            this.dispatchEvent(new CustomEvent("refused", { detail: { line, message } }));
        }
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
