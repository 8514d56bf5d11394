// The camera and the microphone.

const picture = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30, max: 30 } };
const sound = { echoCancellation: true, noiseSuppression: true };

/** What a person can do about a camera that does not come. */
export function captureAdvice(error) {
    if (!navigator.mediaDevices) return "The browser gives the camera only to secure pages: open this page by https or on localhost.";
    switch (error?.name) {
        case "NotAllowedError": return "The camera was refused. Allow camera and microphone for this page in the browser's address bar, then try again.";
        case "NotFoundError": return "No camera was found. Connect one, then try again.";
        case "NotReadableError": return "The camera is in use by another program. Close that, then try again.";
        case "OverconstrainedError": return "The chosen camera is gone. Choose another one.";
        default: return "The camera can't be started. Try again.";
    }
}

/** Dispatches `level` (0…1, ten times a second) and `ended` (the device was taken away). */
export class Capture extends EventTarget {
    #meter = null;
    #timer = null;
    /** The person's wish: it holds whatever camera and microphone come and go. */
    #isMuted = false;

    constructor() {
        super();
        this.stream = null;
    }

    /**
     * Opens the devices, or others than before.
     * @param {{camera?: string, microphone?: string}} choice device ids
     */
    async open({ camera, microphone } = {}) {
        if (!navigator.mediaDevices) throw new Error("no media devices");
        const stream = await navigator.mediaDevices.getUserMedia({
            video: { ...picture, ...(camera ? { deviceId: { exact: camera } } : {}) },
            audio: { ...sound, ...(microphone ? { deviceId: { exact: microphone } } : {}) },
        });
        // Whatever is open by now: somebody may have pressed twice.
        this.stream?.getTracks().forEach((track) => track.stop());
        this.stream = stream;
        for (const track of stream.getTracks()) track.addEventListener("ended", () => this.dispatchEvent(new Event("ended")));
        for (const track of stream.getVideoTracks()) track.contentHint = "motion";
        this.mute(this.#isMuted);
        this.#listen(stream);
        return stream;
    }

    mute(isMuted) {
        this.#isMuted = isMuted;
        for (const track of this.stream?.getAudioTracks() ?? []) track.enabled = !isMuted;
    }

    async devices() {
        const devices = await navigator.mediaDevices.enumerateDevices();
        return {
            cameras: devices.filter((device) => device.kind === "videoinput"),
            microphones: devices.filter((device) => device.kind === "audioinput"),
        };
    }

    close() {
        clearInterval(this.#timer);
        this.#meter?.close();
        this.#meter = null;
        this.stream?.getTracks().forEach((track) => track.stop());
        this.stream = null;
    }

    #listen(stream) {
        clearInterval(this.#timer);
        this.#meter?.close();
        this.#meter = null;
        if (stream.getAudioTracks().length === 0) return;
        this.#meter = new AudioContext();
        const analyser = this.#meter.createAnalyser();
        analyser.fftSize = 512;
        this.#meter.createMediaStreamSource(stream).connect(analyser);
        const samples = new Float32Array(analyser.fftSize);
        this.#timer = setInterval(() => {
            analyser.getFloatTimeDomainData(samples);
            const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
            this.dispatchEvent(new CustomEvent("level", { detail: Math.min(1, Math.sqrt(power) * 3) }));
        }, 100);
    }
}
