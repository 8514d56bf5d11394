// What this viewer saw and heard, told every ten seconds; and how large the picture is shown.

const period = 10;
const longestStep = 500;

/** Frames on the screen, and how long it stood still: a gap of more than half a second is a freeze. */
export class FrameWatch {
    #last = null;
    frames = 0;
    frozen = 0;

    frame(now) {
        if (this.#last !== null && now - this.#last > longestStep) this.frozen += now - this.#last;
        this.#last = now;
        this.frames += 1;
    }

    /** What there was since the last time; a picture that stands still now counts until now. */
    take(now) {
        let { frozen } = this;
        if (this.#last !== null && now - this.#last > longestStep) {
            frozen += now - this.#last;
            this.#last = now;
        }
        const { frames } = this;
        this.frames = 0;
        this.frozen = 0;
        return { frames, frozen_ms: Math.round(Math.min(frozen, period * 1000)) };
    }
}

export class ViewReport {
    #video;
    #signaling;
    #concealed;
    #watch = null;
    #timer = null;
    #said = "";
    #sizes;

    /** @param {() => Promise<number>} concealed how much of the sound was made up so far, ms */
    constructor(video, signaling, concealed) {
        this.#video = video;
        this.#signaling = signaling;
        this.#concealed = concealed;
        signaling.addEventListener("joined", () => { this.#said = ""; });  // a new session knows no size
    }

    start() {
        if (this.#timer) return;
        const watch = this.#watch = new FrameWatch();
        const step = (now) => {
            if (this.#watch !== watch) return;
            watch.frame(now);
            this.#video.requestVideoFrameCallback(step);
        };
        this.#video.requestVideoFrameCallback?.(step);
        let before = null;
        this.#timer = setInterval(async () => {
            const concealed = await this.#concealed();
            const since = before === null ? 0 : Math.max(0, concealed - before);
            before = concealed;
            if (this.#watch !== watch) return;
            const seen = watch.take(performance.now());
            if (document.hidden) return;  // nobody looks, and browsers show nothing
            this.#signaling.send("view_report", {
                seconds: period, ...seen, concealed_ms: Math.min(Math.round(since), period * 1000),
                width: this.#video.videoWidth,
            });
        }, period * 1000);
        this.#sizes = setInterval(() => this.#saySize(), 1000);
    }

    stop() {
        clearInterval(this.#timer);
        clearInterval(this.#sizes);
        this.#timer = null;
        this.#watch = null;
    }

    #saySize() {
        const ratio = window.devicePixelRatio || 1;
        const { width, height } = this.#video.getBoundingClientRect();
        const size = { width: Math.min(Math.round(width * ratio), 16384), height: Math.min(Math.round(height * ratio), 16384) };
        const said = JSON.stringify(size);
        if (said !== this.#said && this.#signaling.send("view_size", size)) this.#said = said;
    }
}
