// Records what is broadcast, a piece a second, each kept before the next.

// WebKit says that it records webm, and turns an upright picture on its side in it; its mp4 is right, and plays everywhere.
const isWebKit = () => /AppleWebKit/.test(navigator.userAgent) && !/Chrome|Chromium|Edg|Android/.test(navigator.userAgent);
const webm = ["video/webm;codecs=vp8,opus", "video/webm"];
const mp4 = ["video/mp4"];
const types = () => isWebKit() ? [...mp4, ...webm] : [...webm, ...mp4];

/**
 * Dispatches `run` (detail: `{run, startMs}`) when a run has begun, and `trouble` (detail: a sentence) when nothing can be
 * recorded, or what was can't be kept.
 */
export class Recorder extends EventTarget {
    #store;
    #streamId;
    #clock;
    #recorder = null;
    #writes = Promise.resolve();
    #hasTrouble = false;

    /**
     * @param {PieceStore} store
     * @param {string} streamId
     * @param {function(): number} clock the stream's clock in milliseconds
     */
    constructor(store, streamId, clock) {
        super();
        this.#store = store;
        this.#streamId = streamId;
        this.#clock = clock;
        /** The run that is being recorded: `{run, startMs}`. */
        this.current = null;
    }

    get isRunning() { return this.#recorder !== null; }

    /** Begins a run with this stream; the run before it, if any, ends. */
    async start(stream) {
        await this.stop();
        const mimeType = types().find((type) => globalThis.MediaRecorder?.isTypeSupported(type));
        if (!mimeType) return this.#complain("This show isn't being recorded, so there will be no replay: this browser can't record. Use another one, such as Chrome or Firefox.");
        const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 2_500_000, audioBitsPerSecond: 96_000 });
        this.#recorder = recorder;
        this.#hasTrouble = false;
        let part = null;
        let number = 0;
        recorder.onstart = () => {
            const startMs = Math.round(this.#clock());
            this.#enqueue(async () => {
                part = await this.#store.beginPart(this.#streamId, { mimeType, startMs });
                if (this.#recorder !== recorder) return;
                this.current = { run: part + 1, startMs };
                this.dispatchEvent(new CustomEvent("run", { detail: this.current }));
            });
        };
        recorder.ondataavailable = ({ data }) => {
            if (data.size === 0) return;
            const own = number++;
            this.#enqueue(() => this.#store.addPiece(this.#streamId, part, own, data));
        };
        recorder.onerror = () => this.#complain("The recording has stopped. Choose the camera again to go on recording.");
        recorder.start(1000);
    }

    /** Returns when the last piece is kept. */
    async stop() {
        const recorder = this.#recorder;
        this.#recorder = null;
        this.current = null;
        if (recorder && recorder.state !== "inactive") {
            await new Promise((resolve) => {
                recorder.onstop = resolve;
                recorder.stop();
            });
        }
        await this.#writes;
    }

    #enqueue(write) {
        this.#writes = this.#writes.then(write).catch(() => {
            this.#complain("This show isn't being recorded any more: the browser has no room left for it. Free some space on this device.");
        });
    }

    /** Said once for each run. */
    #complain(sentence) {
        if (this.#hasTrouble) return;
        this.#hasTrouble = true;
        this.dispatchEvent(new CustomEvent("trouble", { detail: sentence }));
    }
}
