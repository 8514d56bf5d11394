// The signaling connection (docs/protocol.md, part 3): joins, joins again when the socket drops, and hands out messages.

const firstDelay = 250;
// A show that is back is found again within five seconds.
const longestDelay = 4000;

/**
 * Dispatches one event for each message type, with the message as `detail`, and besides:
 * `open` (joined), `away` (the socket dropped and is tried again), `closed` (for good; `detail` is the close code).
 */
export class Signaling extends EventTarget {
    #socket = null;
    #attempts = 0;
    #timer = null;
    #isOver = false;
    #clockOffset = 0;
    #join;

    /** @param {{stream_id: string, role: string, name?: string, token?: string}} join */
    constructor(join) {
        super();
        this.#join = join;
        this.clientId = null;
        this.stream = null;
        addEventListener("online", () => this.#retryNow());
        document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#retryNow(); });
    }

    connect() {
        clearTimeout(this.#timer);
        this.#isOver = false;
        const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
        this.#socket = socket;
        socket.onopen = () => socket.send(JSON.stringify({ type: "join", ...this.#join }));
        socket.onmessage = (event) => { if (socket === this.#socket) this.#receive(JSON.parse(event.data)); };
        socket.onclose = (event) => { if (socket === this.#socket) this.#dropped(event.code); };
    }

    /** Sends a message; false while the connection is away. */
    send(type, fields = {}) {
        if (this.clientId === null || this.#socket?.readyState !== WebSocket.OPEN) return false;
        this.#socket.send(JSON.stringify({ type, ...fields }));
        return true;
    }

    /** Takes another display name from the next join on. */
    rename(name) {
        this.#join = { ...this.#join, name };
        if (this.clientId !== null) this.#socket.close(1000);
    }

    close() {
        this.#isOver = true;
        clearTimeout(this.#timer);
        this.#socket?.close(1000);
    }

    /** The stream's clock now, in milliseconds; 0 before the start. */
    get clock() {
        if (!this.stream?.started_at) return 0;
        const end = this.stream.ended_at ? Date.parse(this.stream.ended_at) : Date.now() + this.#clockOffset;
        return Math.max(0, end - Date.parse(this.stream.started_at));
    }

    #receive(message) {
        switch (message.type) {
            case "joined":
                this.#attempts = 0;
                this.clientId = message.client_id;
                this.#clockOffset = Date.parse(message.now) - Date.now();
                this.stream = message.stream;
                break;
            case "stream_started":
            case "stream_ended":
                this.stream = message.stream;
                break;
            case "stream_update":
                if (message.stream) this.stream = message.stream;
                break;
        }
        this.dispatchEvent(new CustomEvent(message.type, { detail: message }));
        if (message.type === "joined") this.dispatchEvent(new CustomEvent("open", { detail: message }));
    }

    #dropped(code) {
        this.clientId = null;
        if (this.#isOver) return;
        if ([4401, 4409, 4410].includes(code)) {
            this.#isOver = true;
            this.dispatchEvent(new CustomEvent("closed", { detail: code }));
            return;
        }
        const delay = Math.min(longestDelay, firstDelay * 2 ** this.#attempts) * (0.5 + Math.random() / 2);
        this.#attempts += 1;
        this.#timer = setTimeout(() => this.connect(), delay);
        this.dispatchEvent(new CustomEvent("away", { detail: code }));
    }

    /** The network is back, or somebody looks again: there is no reason to wait out the delay. */
    #retryNow() {
        if (this.#isOver || this.#socket?.readyState !== WebSocket.CLOSED) return;
        this.connect();
    }
}
