// Brings one run of a recording to the server by tus 1.0.0: in pieces, going on where it stopped.
import { deviceId } from "./device.js";

const pieceBytes = 1 << 20;
const longestDelay = 15_000;
const tus = { "Tus-Resumable": "1.0.0" };
const base64 = (text) => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** The server will not take it, however often it is tried. */
export class UploadRefused extends Error {}

/** Dispatches `progress` (detail: bytes that are there). */
export class Uploader extends EventTarget {
    #api;
    #store;
    #streamId;
    #isCancelled = false;

    constructor(api, store, streamId) {
        super();
        this.#api = api;
        this.#store = store;
        this.#streamId = streamId;
    }

    cancel() {
        this.#isCancelled = true;
    }

    /**
     * Returns when the server has all of a run. Goes on through failures of the network; throws `UploadRefused` when the
     * server says no.
     */
    async upload(run) {
        let failures = 0;
        let address = null;
        let offset = 0;
        while (!this.#isCancelled) {
            try {
                if (address === null) ({ address, offset } = await this.#resumeOrBegin(run));
                this.#tell(offset);
                if (offset === run.blob.size) return;
                offset = await this.#sendPiece(address, offset, run.blob);
                failures = 0;
            } catch (error) {
                if (error instanceof UploadRefused) throw error;
                failures += 1;
                address = null;
                await pause(Math.min(longestDelay, 500 * 2 ** failures) * (0.5 + Math.random() / 2));
            }
        }
    }

    #tell(bytes) {
        this.dispatchEvent(new CustomEvent("progress", { detail: bytes }));
    }

    async #request(method, address, headers, body) {
        return fetch(address, { method, headers: { ...tus, ...this.#api.authorization, ...headers }, body });
    }

    /** Where the upload stands that was begun before, or a new one. */
    async #resumeOrBegin({ run, type, startMs, blob }) {
        const known = await this.#store.uploadAddress(this.#streamId, run);
        if (known?.size === blob.size) {
            const answer = await this.#request("HEAD", known.address, {});
            if (answer.ok) return { address: known.address, offset: Number(answer.headers.get("Upload-Offset")) };
            if (![404, 410].includes(answer.status)) throw new Error(`HEAD: ${answer.status}`);
        }
        const metadata = { filetype: type, device: deviceId(), run: String(run), starts_at_ms: String(startMs) };
        const answer = await this.#request("POST", `/api/livestreams/${this.#streamId}/recording`, {
            "Upload-Length": String(blob.size),
            "Upload-Metadata": Object.entries(metadata).map(([name, value]) => `${name} ${base64(value)}`).join(","),
        });
        if (answer.status !== 201) throw await this.#failure(answer);
        const address = answer.headers.get("Location");
        await this.#store.setUploadAddress(this.#streamId, run, address, blob.size);
        return { address, offset: 0 };
    }

    async #sendPiece(address, offset, blob) {
        const answer = await this.#request("PATCH", address, {
            "Content-Type": "application/offset+octet-stream", "Upload-Offset": String(offset),
        }, blob.slice(offset, offset + pieceBytes));
        if (answer.status !== 204) throw await this.#failure(answer);
        return Number(answer.headers.get("Upload-Offset"));
    }

    async #failure(answer) {
        const detail = (await answer.json().catch(() => null))?.detail ?? `The server answered ${answer.status}.`;
        const isFinal = answer.status >= 400 && answer.status < 500 && ![404, 408, 409, 410, 423, 429].includes(answer.status);
        return isFinal ? new UploadRefused(detail) : new Error(detail);
    }
}
