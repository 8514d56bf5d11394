// One show, from the admin's side: camera, going live, ending, and what becomes of the recording.
import { ChatLog } from "../shared/chat-log.js";
import { byId, element, placeIcons, setState, toast } from "../shared/dom.js";
import { Signaling } from "../shared/signaling.js";
import { Broadcaster } from "./broadcaster.js";
import { Capture, captureAdvice } from "./capture.js";
import { PieceStore } from "./piece-store.js";
import { ProductsPanel } from "./products-panel.js";
import { Recorder } from "./recorder.js";
import { RecordingUpload } from "./recording-upload.js";
import { ViewersTable } from "./viewers-table.js";

const labels = { scheduled: "Scheduled", live: "Live", ended: "Ended" };
const silenceTime = 6000;

export class Studio {
    #api;
    #record;
    #parts;
    #signaling;
    #capture = new Capture();
    #broadcaster;
    #recorder = null;
    #upload = null;
    #table;
    #chat;
    #wakeLock = null;
    #lastSound = performance.now();
    #isClosed = false;
    #onStatus;
    #sentAwayTimer = null;

    /** @param {function} onStatus called when the show begins or ends */
    constructor(api, record, onStatus) {
        this.#api = api;
        this.#onStatus = onStatus;
        this.#record = record;
        this.id = record.id;
        this.#parts = this.#build();
        this.#signaling = new Signaling({ stream_id: record.id, role: "admin", name: "Host", token: api.token });
        this.#broadcaster = new Broadcaster(this.#signaling);
        this.#table = new ViewersTable(this.#signaling, this.#broadcaster, this.#parts, () => api.relayReport(record.id));
        this.#chat = new ChatLog(this.#parts.chat, (id) => this.#try(() => api.removeMessage(record.id, id)));
        const products = new ProductsPanel(api, record.id, this.#parts);
        for (const type of ["product_pinned", "product_unpinned"]) this.#signaling.addEventListener(type, () => products.refresh());
        this.#listen();
        this.#act();
        this.#render();
        this.#signaling.connect();
        this.#open();
    }

    close() {
        this.#isClosed = true;
        clearTimeout(this.#sentAwayTimer);
        this.#signaling.close();
        this.#broadcaster.close();
        this.#table.close();
        this.#upload?.cancel();
        this.#recorder?.stop();
        this.#capture.close();
        this.#wakeLock?.release().catch(() => {});
        byId("link-state").hidden = true;
        byId("studio").replaceChildren();
    }

    /** The elements of the template that have a part to play, by name. */
    #build() {
        byId("studio").replaceChildren(byId("studio-template").content.cloneNode(true));
        placeIcons(byId("studio"));
        const parts = {};
        for (const node of byId("studio").querySelectorAll("[data-part]")) parts[node.dataset.part] = node;
        const address = `${location.origin}/watch/${this.id}`;
        Object.assign(parts.link, { href: address, textContent: address, target: "_blank" });
        return parts;
    }

    /** What a crash or a reload has left: a show that is live goes on by itself, a recording that waits goes up. */
    async #open() {
        const store = await PieceStore.open().catch(() => null);
        if (this.#isClosed) return;
        if (store) {
            this.#recorder = new Recorder(store, this.id, () => this.#signaling.clock);
            this.#recorder.addEventListener("trouble", ({ detail }) => toast(detail));
            this.#upload = new RecordingUpload(this.#api, store, this.id, this.#parts, () => this.#render());
        }
        if (this.#record.status === "live") await this.#startCamera();
        if (this.#record.status === "ended") this.#upload?.run();
    }

    #listen() {
        const on = (type, listener) => this.#signaling.addEventListener(type, ({ detail }) => listener(detail));
        on("joined", ({ stream, chat }) => {
            this.#say("");
            this.#linkState("");
            for (const message of chat) this.#chat.add(message);
            this.#follow(stream);
        });
        on("stream_started", ({ stream }) => this.#follow(stream));
        on("stream_ended", ({ stream }) => this.#follow(stream));
        on("stream_update", (update) => {
            Object.assign(this.#record, update.stream ?? {}, { likes: update.likes, viewer_count: update.viewer_count });
            this.#render();
        });
        on("chat_message", (message) => this.#chat.add(message));
        on("chat_removed", ({ id }) => this.#chat.remove(id));
        on("error", ({ code, message }) => { if (code !== "replaced") toast(message); });
        on("away", () => this.#linkState("Reconnecting"));
        on("closed", (code) => this.#sentAway(code));
        this.#capture.addEventListener("level", ({ detail }) => this.#hear(detail));
        this.#capture.addEventListener("ended", () => this.#say("The camera or microphone was taken away. Choose another, or press Start camera."));
    }

    #act() {
        const parts = this.#parts;
        const click = (name, action) => parts[name].addEventListener("click", action);
        click("start-camera", () => this.#startCamera());
        click("go-live", () => this.#signaling.send("start_stream") || toast("The connection is away. Try again in a moment."));
        click("end", () => this.#signaling.send("end_stream") || toast("The connection is away. Try again in a moment."));
        click("microphone", () => {
            const isMuted = parts.microphone.getAttribute("aria-pressed") !== "true";
            parts.microphone.setAttribute("aria-pressed", String(isMuted));
            this.#capture.mute(isMuted);
        });
        click("copy", () => navigator.clipboard.writeText(parts.link.href).then(() => toast("The link is copied."), () => toast("Copy the link by hand, please.")));
        for (const name of ["cameras", "microphones"]) parts[name].addEventListener("change", () => this.#startCamera());
        parts["chat-form"].addEventListener("submit", (event) => {
            event.preventDefault();
            const text = parts.message.value.trim();
            if (!text) return;
            if (this.#signaling.send("chat", { text })) parts.message.value = "";
            else toast("The connection is away. Try again in a moment.");
        });
    }

    #follow(stream) {
        const before = this.#record.status;
        this.#record = stream;
        this.#render();
        if (stream.status !== before) this.#onStatus();
        if (stream.status === "live") {
            this.#keepAwake();
            if (this.#capture.stream && !this.#recorder?.isRunning) this.#recorder?.start(this.#capture.stream);
        }
        if (stream.status === "ended" && before === "live") this.#finish();
    }

    async #finish() {
        this.#broadcaster.close();
        this.#wakeLock?.release().catch(() => {});
        await this.#recorder?.stop();
        this.#capture.close();
        this.#parts.preview.srcObject = null;
        this.#render();
        this.#upload?.run();
    }

    async #startCamera() {
        const parts = this.#parts;
        parts["start-camera"].disabled = true;
        try {
            const stream = await this.#capture.open({ camera: parts.cameras.value, microphone: parts.microphones.value });
            if (this.#isClosed) return this.#capture.close();
            this.#say("");
            parts.preview.srcObject = stream;
            this.#broadcaster.use(stream);
            if (this.#record.status === "live") await this.#recorder?.start(stream);
            await this.#showDevices(stream);
        } catch (error) {
            this.#say(captureAdvice(error));
        }
        parts["start-camera"].disabled = false;
        this.#render();
    }

    async #showDevices(stream) {
        const { cameras, microphones } = await this.#capture.devices();
        const fill = (select, devices, track) => {
            select.replaceChildren(...devices.map((device, index) => element("option", { value: device.deviceId, text: device.label || `Device ${index + 1}` })));
            select.value = track?.getSettings().deviceId ?? "";
        };
        fill(this.#parts.cameras, cameras, stream.getVideoTracks()[0]);
        fill(this.#parts.microphones, microphones, stream.getAudioTracks()[0]);
    }

    #render() {
        const { status, title } = this.#record;
        const parts = this.#parts;
        const hasCamera = this.#capture.stream !== null;
        const isUploading = this.#upload?.isRunning ?? false;
        document.title = `${title} · Studio · Vitrine`;
        parts.title.textContent = title;
        setState(parts.state, isUploading ? "Uploading recording" : labels[status], isUploading ? "uploading" : status);
        parts.viewers.textContent = String(this.#record.viewer_count);
        parts.likes.textContent = String(this.#record.likes);
        parts["start-camera"].hidden = hasCamera || status === "ended";
        parts["go-live"].hidden = status !== "scheduled";
        parts["go-live"].disabled = !hasCamera;
        parts.end.hidden = status !== "live";
        parts.microphone.hidden = parts.devices.hidden = !hasCamera;
        parts["preview-note"].hidden = hasCamera;
        parts["preview-note"].textContent = status === "ended" ? "The show is over." : "Your camera is off.";
    }

    #hear(level) {
        const parts = this.#parts;
        parts.level.value = level;
        if (level > 0.004) this.#lastSound = performance.now();
        const isMuted = parts.microphone.getAttribute("aria-pressed") === "true";
        const isSilent = performance.now() - this.#lastSound > silenceTime && !isMuted;
        if (isSilent && parts.notice.hidden) this.#say("Your microphone is silent. Is it the right one?");
        if (!isSilent && parts.notice.textContent.startsWith("Your microphone")) this.#say("");
    }

    #sentAway(code) {
        // Another window is about to offer its picture: until then this one's goes on.
        this.#sentAwayTimer = setTimeout(() => this.#broadcaster.close(), 10_000);
        if (code === 4409) {
            this.#say("This show is run from another window now.");
            const back = element("button", { type: "button", class: "compact", text: "Take it back", on: { click: () => this.#takeBack() } });
            this.#parts.notice.append(" ", back);
        } else if (code === 4410) {
            toast("This show was deleted.");
            location.hash = "#/";
        } else {
            this.#say("The token isn't valid any more. Open the link that the server printed.");
        }
    }

    #takeBack() {
        clearTimeout(this.#sentAwayTimer);
        this.#signaling.connect();
    }

    #say(text) {
        this.#parts.notice.hidden = text === "";
        this.#parts.notice.textContent = text;
    }

    #linkState(text) {
        byId("link-state").hidden = text === "";
        byId("link-state").textContent = text;
    }

    async #keepAwake() {
        if (this.#wakeLock && !this.#wakeLock.released) return;
        this.#wakeLock = await navigator.wakeLock?.request("screen").catch(() => null) ?? null;
    }

    async #try(work) {
        try {
            await work();
        } catch (error) {
            toast(error.message);
        }
    }
}
