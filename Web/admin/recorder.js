// Records what is broadcast, a piece a second, each kept before the next.

const types = ["video/webm;codecs=vp8,opus", "video/webm", "video/mp4"];

/** Dispatches `trouble` (detail: a sentence) when pieces can't be kept. */
export class Recorder extends EventTarget {
    #store;
    #streamId;
    #clock;
    #recorder = null;
    #writes = Promise.resolve();

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
    }

    get isRunning() { return this.#recorder !== null; }

    /** Begins a part with this stream; the part before it, if any, ends. */
    async start(stream) {
        await this.stop();
        const mimeType = types.find((type) => globalThis.MediaRecorder?.isTypeSupported(type));
        if (!mimeType) {
            this.dispatchEvent(new CustomEvent("trouble", { detail: "This browser can't record, so there will be no replay." }));
            return;
        }
        const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: 2_500_000, audioBitsPerSecond: 96_000 });
        this.#recorder = recorder;
        let part = null;
        let number = 0;
        recorder.onstart = () => {
            const startMs = Math.round(this.#clock());
            this.#enqueue(async () => { part = await this.#store.beginPart(this.#streamId, { mimeType, startMs }); });
        };
        recorder.ondataavailable = ({ data }) => {
            if (data.size === 0) return;
            const own = number++;
            this.#enqueue(() => this.#store.addPiece(this.#streamId, part, own, data));
        };
        recorder.start(1000);
    }

    /** Returns when the last piece is kept. */
    async stop() {
        const recorder = this.#recorder;
        this.#recorder = null;
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
            this.dispatchEvent(new CustomEvent("trouble", { detail: "The browser has no room left for the recording." }));
        });
    }
}
