// From kept pieces to a replay: uploads each run, waits for the server and for other devices, and forgets the pieces only
// when the replay has them.
import { deviceId } from "./device.js";
import { Uploader } from "./uploader.js";

const shortest = 500;
const longest = 8000;
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

export class RecordingUpload {
    #api;
    #store;
    #streamId;
    #parts;
    #onChange;
    #uploader = null;
    #isCancelled = false;
    #isBusy = false;

    /**
     * @param {?PieceStore} store null where the browser keeps nothing
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
        parts.finish.addEventListener("click", () => this.#finish());
    }

    cancel() {
        this.#isCancelled = true;
        this.#uploader?.cancel();
    }

    /** Uploads what is kept, if anything is, and follows what becomes of it. */
    async run() {
        if (this.#isBusy) return;
        this.#isBusy = true;
        this.#set(true);
        this.#parts.retry.hidden = true;
        try {
            const runs = await this.#store?.runs(this.#streamId) ?? [];
            await this.#upload(runs);
            await this.#follow(runs);
        } catch (error) {
            this.#show(`The recording could not be uploaded: ${error.message}`);
            this.#parts.retry.hidden = false;
        }
        this.#set(false);
        this.#isBusy = false;
    }

    async #upload(runs) {
        const missing = await this.#missing(runs);
        if (missing.length === 0) return;
        this.#show("Uploading the recording. Keep this page open; if it closes, it goes on when you come back.");
        this.#parts.progress.hidden = false;
        const whole = missing.reduce((sum, { blob }) => sum + blob.size, 0);
        let done = 0;
        for (const run of missing) {
            if (this.#isCancelled) return;
            this.#uploader = new Uploader(this.#api, this.#store, this.#streamId);
            this.#uploader.addEventListener("progress", ({ detail }) => { this.#parts.progress.value = (done + detail) / whole; });
            await this.#uploader.upload(run);
            done += run.blob.size;
        }
    }

    /** What the server doesn't have yet. */
    async #missing(runs) {
        const known = (await this.#recording())?.runs ?? [];
        const own = deviceId();
        return runs.filter(({ run }) => !known.some((each) => each.device === own && each.run === run && each.status === "whole"));
    }

    async #follow(runs) {
        let delay = shortest;
        while (!this.#isCancelled) {
            const recording = await this.#recording();
            if (recording === null && runs.length === 0) {
                this.#parts.upload.hidden = true;
                return;
            }
            if (this.#tell(recording, runs)) break;
            await pause(delay * (0.75 + Math.random() / 2));
            delay = Math.min(longest, delay * 1.3);
        }
    }

    /** Says how it stands. True when nothing more is to come. */
    #tell(recording, runs) {
        const status = recording?.status;
        const known = recording?.runs ?? [];
        const missing = known.filter((run) => ["announced", "uploading"].includes(run.status));
        const canFinish = status !== "ready" && missing.length > 0 && known.some((run) => run.status === "whole");
        // A recorder that was ended before its first piece has left nothing here: there is nothing to wait for.
        const isLost = (run) => run.device === deviceId() && !runs.some((each) => each.run === run.run);
        if (canFinish && missing.every(isLost)) this.#finish();
        this.#parts.finish.hidden = !canFinish;
        this.#parts.progress.hidden = status !== "ready" && !["uploading", "processing"].includes(status);
        if (status === "ready") {
            this.#parts.progress.value = 1;
            this.#show("The replay is ready: customers find it at the same address.");
            if (runs.length > 0) this.#store.remove(this.#streamId);
            return true;
        }
        if (status === "failed") {
            this.#show("The server could not make a replay of the recording.");
            this.#parts.retry.hidden = runs.length === 0;
            return true;
        }
        // Nothing is under way here while another device is waited for.
        this.#set(missing.length === 0);
        if (missing.length > 0) this.#show("Waiting for what another device has recorded. Open this show's studio there, or make the replay without it.");
        else this.#show("The server is preparing the replay.");
        return false;
    }

    async #finish() {
        this.#parts.finish.hidden = true;
        try {
            await this.#api.finishRecording(this.#streamId);
        } catch (error) {
            this.#show(error.message);
        }
    }

    async #recording() {
        return (await this.#api.livestream(this.#streamId)).recording;
    }

    #show(text) {
        this.#parts.upload.hidden = false;
        this.#parts["upload-text"].textContent = text;
    }

    #set(isRunning) {
        if (this.isRunning === isRunning) return;
        this.isRunning = isRunning;
        this.#onChange();
    }
}
