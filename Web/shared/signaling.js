// The signaling connection (docs/protocol.md, part 3): joins, joins again when the socket drops or falls silent, and
// hands out messages.
import { Liveness } from "./liveness.js";

const firstDelay = 250;
// A show that is back is found again within five seconds.
const longestDelay = 4000;
/** Codes after which nobody tries again. */
const final = [4401, 4403, 4409, 4410];
const full = 4503;

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
    #resumeToken = null;
    #liveness;

    /**
     * @param {Object|function(): Object} join `{stream_id, role, name?, token?, place?, resume_token?}`, or what gives it
     * anew at each join
     */
    constructor(join) {
        super();
        this.#join = typeof join === "function" ? join : () => join;
        this.clientId = null;
        this.stream = null;
        this.#liveness = new Liveness(() => this.#replace());
        addEventListener("online", () => this.#retryNow());
        document.addEventListener("visibilitychange", () => { if (!document.hidden) this.#retryNow(); });
    }

    connect() {
        clearTimeout(this.#timer);
        this.#isOver = false;
        const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`);
        this.#socket = socket;
        this.#liveness.begin();
        socket.onopen = () => socket.send(JSON.stringify({ type: "join", resume_token: this.#resumeToken ?? undefined, ...this.#join() }));
        socket.onmessage = (event) => { if (socket === this.#socket) this.#receive(JSON.parse(event.data)); };
        socket.onclose = (event) => { if (socket === this.#socket) this.#dropped(event.code, event.reason); };
    }

    /** Takes the session up again that a former page of this tab had. */
    get resumeToken() { return this.#resumeToken; }

    get isOpen() { return this.clientId !== null && this.#socket?.readyState === WebSocket.OPEN; }

    /** Sends a message; false while the connection is away. */
    send(type, fields = {}) {
        if (!this.isOpen) return false;
        this.#socket.send(JSON.stringify({ type, ...fields }));
        return true;
    }

    close() {
        this.#isOver = true;
        clearTimeout(this.#timer);
        this.#liveness.end();
        this.#socket?.close(1000);
    }

    /** The stream's clock now, in milliseconds; 0 before the start. */
    get clock() {
        if (!this.stream?.started_at) return 0;
        const end = this.stream.ended_at ? Date.parse(this.stream.ended_at) : Date.now() + this.#clockOffset;
        return Math.max(0, end - Date.parse(this.stream.started_at));
    }

    #receive(message) {
        this.#liveness.note();
        switch (message.type) {
            case "joined":
                this.#attempts = 0;
                this.clientId = message.client_id;
                this.#resumeToken = message.resume_token ?? null;
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

    /** Nothing comes any more, and nobody says so: another socket will. */
    #replace() {
        const dead = this.#socket;
        this.#socket = null;
        dead?.close();
        this.#dropped(1006);
    }

    #dropped(code, reason = "") {
        this.clientId = null;
        this.#liveness.end();
        if (this.#isOver) return;
        if (final.includes(code)) {
            this.#isOver = true;
            this.#resumeToken = null;
            this.dispatchEvent(new CustomEvent("closed", { detail: code }));
            return;
        }
        const least = code === full ? waitOf(reason) : 0;
        const delay = least + Math.max(least, Math.min(longestDelay, firstDelay * 2 ** this.#attempts)) * (0.5 + Math.random() / 2);
        this.#attempts += 1;
        this.#timer = setTimeout(() => this.connect(), delay);
        this.dispatchEvent(new CustomEvent("away", { detail: code }));
    }

    /** The network is back, or somebody looks again: there is no reason to wait out the delay. */
    #retryNow() {
        if (this.#isOver) return;
        if (this.#socket === null || this.#socket.readyState === WebSocket.CLOSED) this.connect();
        else this.#liveness.judge();
    }
}

/** What a server that is full says: milliseconds until it is worth another try. */
function waitOf(reason) {
    try {
        return Math.min(60_000, Math.max(0, Number(JSON.parse(reason).retry_after_ms) || 0));
    } catch {
        return 5000;
    }
}
