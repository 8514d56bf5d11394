// From kept pieces to a replay: uploads, waits for the server, and forgets the pieces only then.
import { Uploader } from "./uploader.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class RecordingUpload {
    #api;
    #store;
    #streamId;
    #parts;
    #onChange;
    #uploader = null;
    #isCancelled = false;

    /**
     * @param {Object<string, HTMLElement>} parts the studio's elements by name
     * @param {function} onChange called when `isRunning` changes
     */
    constructor(api, store, streamId, parts, onChange) {
        this.#api = api;
        this.#store = store;
        this.#streamId = streamId;
        this.#parts = parts;
        this.#onChange = onChange;
        this.isRunning = false;
        parts.retry.addEventListener("click", () => this.run());
    }

    cancel() {
        this.#isCancelled = true;
        this.#uploader?.cancel();
    }

    /** Uploads what is kept, if anything is, and follows what becomes of it. */
    async run() {
        if (this.isRunning) return;
        this.#set(true);
        this.#parts.retry.hidden = true;
        try {
            const recording = await this.#store.recording(this.#streamId);
            if (recording && (await this.#status()) !== "ready") await this.#upload(recording);
            await this.#follow(recording !== null);
        } catch (error) {
            this.#show(`The recording could not be uploaded: ${error.message}`);
            this.#parts.retry.hidden = false;
        }
        this.#set(false);
    }

    async #upload(recording) {
        this.#show("Uploading the recording. Keep this page open; if it closes, it goes on when you come back.");
        this.#parts.progress.hidden = false;
        this.#uploader = new Uploader(this.#api, this.#store, this.#streamId);
        this.#uploader.addEventListener("progress", ({ detail }) => { this.#parts.progress.value = detail; });
        await this.#uploader.upload(recording);
    }

    async #follow(isKept) {
        let status = await this.#status();
        if (status === null && !isKept) {
            this.#parts.upload.hidden = true;
            return;
        }
        while (status === "processing" && !this.#isCancelled) {
            this.#show("The server is preparing the replay.");
            await pause(500);
            status = await this.#status();
        }
        if (this.#isCancelled) return;
        this.#parts.progress.hidden = status !== "ready";
        if (status === "ready") {
            this.#parts.progress.value = 1;
            this.#show("The replay is ready: customers find it at the same address.");
            if (isKept) await this.#store.remove(this.#streamId);
        } else if (status === "failed") {
            this.#show("The server could not make a replay of the recording.");
            this.#parts.retry.hidden = !isKept;
        }
    }

    async #status() {
        return (await this.#api.livestream(this.#streamId)).recording?.status ?? null;
    }

    #show(text) {
        this.#parts.upload.hidden = false;
        this.#parts["upload-text"].textContent = text;
    }

    #set(isRunning) {
        this.isRunning = isRunning;
        this.#onChange();
    }
}
