// One show, from the admin's side: what is pressed and what happens goes to `OnAir`, and this carries out what it says.
import { ask } from "../shared/ask.js";
import { ChatPanel } from "../shared/chat-panel.js";
import { byId, placeIcons, toast } from "../shared/dom.js";
import { Signaling } from "../shared/signaling.js";
import { Broadcaster } from "./broadcaster.js";
import { Capture, captureAdvice } from "./capture.js";
import { deviceId } from "./device.js";
import { OnAir } from "./on-air.js";
import { OnAirMark } from "./on-air-mark.js";
import { OnlookerPicture } from "./onlooker-picture.js";
import { PieceStore } from "./piece-store.js";
import { ProductsPanel } from "./products-panel.js";
import { Recorder } from "./recorder.js";
import { RecordingUpload } from "./recording-upload.js";
import { StudioView } from "./studio-view.js";
import { ViewersTable } from "./viewers-table.js";
import { WakeLock } from "./wake-lock.js";

/** Whoever takes over needs a moment to bring the customers his picture: until then they keep this one. */
const afterglow = 3000;
const silenceTime = 6000;
/** So long after the server couldn't store the end of a show it is asked again. */
const endingPause = 3000;

export class Studio {
    #api;
    #record;
    #parts;
    #view;
    #signaling;
    #onAir;
    #mark;
    #capture = new Capture();
    #broadcaster;
    #onlooker;
    #recorder = null;
    #upload = null;
    #table;
    #products;
    #wakeLock = new WakeLock();
    #lastSound = performance.now();
    #isClosed = false;
    #onStatus;
    #closing = null;
    #unload = (event) => this.#mayUnload(event);
    #suspend = () => this.#mark.suspend();

    /** @param {function} onStatus called when the show begins or ends */
    constructor(api, record, onStatus) {
        this.#api = api;
        this.#onStatus = onStatus;
        this.#record = record;
        this.id = record.id;
        this.#parts = this.#build();
        this.#view = new StudioView(this.#parts);
        this.#mark = new OnAirMark(record.id);
        this.#signaling = new Signaling(() => ({
            stream_id: record.id, role: "admin", name: "Host", token: api.token, place: this.#onAir.place,
        }));
        this.#broadcaster = new Broadcaster(this.#signaling);
        this.#onlooker = new OnlookerPicture(this.#parts.preview, `/whep/${record.id}`, api.authorization);
        this.#table = new ViewersTable(this.#signaling, this.#broadcaster, this.#parts, () => api.relayReport(record.id));
        const { chat: list, message: field, "chat-form": form } = this.#parts;
        new ChatPanel({ list, form, field }, this.#signaling, record.id, {
            ownName: () => "Host", onRemove: (id) => this.#try(() => api.removeMessage(record.id, id)),
        });
        this.#products = new ProductsPanel(api, record.id, this.#parts);
        for (const type of ["product_pinned", "product_unpinned"]) this.#signaling.addEventListener(type, () => this.#products.refresh());
        this.#listen();
        this.#act();
        this.#open();
    }

    /** Leaving the page now would stop the show. */
    get isBroadcaster() { return this.#onAir?.isBroadcaster ?? false; }

    /** Somebody has said that the show is to end, and the server doesn't know it. */
    get isEnding() { return this.#onAir?.isEnding ?? false; }

    close() {
        this.#isClosed = true;
        for (const message of this.#onAir?.leave() ?? []) this.#signaling.send(message);
        removeEventListener("beforeunload", this.#unload);
        removeEventListener("pagehide", this.#suspend);
        clearTimeout(this.#closing);
        this.#mark.set(false);
        this.#signaling.close();
        this.#broadcaster.stop();
        this.#onlooker.set(false);
        this.#table.close();
        this.#products.close();
        this.#upload?.cancel();
        this.#recorder?.stop();
        this.#capture.close();
        this.#wakeLock.set(false);
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

    /** What a crash or a reload has left: the page that was on air goes on, a recording that waits goes up. */
    async #open() {
        const wasOnAir = await this.#mark.wasOnAir();
        this.#onAir = new OnAir(this.#record, wasOnAir);
        this.#mute(wasOnAir && this.#mark.wasMuted);
        const store = await PieceStore.open().catch(() => null);
        if (this.#isClosed) return;
        addEventListener("beforeunload", this.#unload);
        addEventListener("pagehide", this.#suspend);
        if (store) {
            this.#recorder = new Recorder(store, this.id, () => this.#signaling.clock);
            this.#recorder.addEventListener("trouble", ({ detail }) => this.#view.warn(detail));
            this.#recorder.addEventListener("run", ({ detail }) => this.#announce(detail));
        } else if (this.#record.status !== "ended") {
            this.#view.warn("This show isn't being recorded: the browser keeps nothing for this page. A private window, or its settings, may be why.");
        }
        this.#upload = new RecordingUpload(this.#api, store, this.id, this.#parts, () => this.#render());
        this.#render();
        this.#signaling.connect();
        if (this.#record.status === "ended") this.#upload.run();
    }

    #listen() {
        const on = (type, listener) => this.#signaling.addEventListener(type, ({ detail }) => listener(detail));
        on("joined", ({ stream, has_place: hasPlace }) => {
            this.#view.linkState("");
            this.#carryOut(this.#onAir.joined(stream, hasPlace));
            this.#follow(stream);
            if (this.#recorder?.current) this.#announce(this.#recorder.current);
        });
        on("stream_started", ({ stream }) => this.#follow(stream));
        on("stream_ended", ({ stream }) => this.#follow(stream));
        on("stream_update", (update) => {
            Object.assign(this.#record, { likes: update.likes, viewer_count: update.viewer_count });
            if (update.stream) this.#follow({ ...this.#record, ...update.stream });
            else this.#render();
        });
        on("place_changed", ({ has_place: hasPlace, broadcaster }) => this.#placed(hasPlace, broadcaster));
        on("error", (error) => this.#refused(error));
        on("away", () => this.#view.linkState("Reconnecting"));
        on("closed", (code) => this.#sentAway(code));
        this.#capture.addEventListener("level", ({ detail }) => this.#measure(detail));
        this.#capture.addEventListener("ended", () => this.#lostCamera());
    }

    #act() {
        const parts = this.#parts;
        const click = (name, action) => parts[name].addEventListener("click", action);
        click("start-camera", () => this.#carryOut(this.#onAir.pressStartCamera()));
        click("go-live", () => this.#press(this.#onAir.pressGoLive()));
        click("take-over", () => this.#press(this.#onAir.pressTakeOver()));
        click("end", () => this.#askToEnd());
        click("microphone", () => this.#mute(parts.microphone.getAttribute("aria-pressed") !== "true"));
        click("copy", () => navigator.clipboard.writeText(parts.link.href).then(() => toast("The link is copied."), () => toast("Copy the link by hand, please.")));
        for (const name of ["cameras", "microphones"]) parts[name].addEventListener("change", () => this.#openCamera());
    }

    #press(commands) {
        if (!this.#signaling.isOpen) return toast("The connection is away. Try again in a moment.");
        this.#carryOut(commands);
    }

    async #askToEnd() {
        const isMeant = await ask({
            title: "End the show?", text: "It ends for everybody who watches, and can't be started again. What was recorded becomes the replay.",
            yes: "End the show", no: "Go on",
        });
        // With the connection away it is said as soon as that is back.
        if (isMeant && !this.#isClosed) this.#carryOut(this.#onAir.pressEnd());
    }

    /** @param {string[]} commands as `OnAir` gives them */
    #carryOut(commands) {
        for (const command of commands) {
            if (command === "open-camera") this.#openCamera();
            else this.#signaling.send(command);
        }
        this.#sync();
    }

    /** Brings camera, recorder and the rest to what `OnAir` says. */
    #sync() {
        const { isOnAir, isBroadcaster, holdsCamera, mode } = this.#onAir;
        const { stream } = this.#capture;
        if (isOnAir && stream && this.#recorder && !this.#recorder.isRunning) this.#recorder.start(stream);
        if (!isOnAir && this.#recorder?.isRunning) this.#recorder.stop().then(() => this.#afterShow());
        if (holdsCamera || !stream) clearTimeout(this.#closing);
        else if (["over", "idle", "ending"].includes(mode)) this.#closeCamera();
        else this.#closing = setTimeout(() => this.#closeCamera(), afterglow);
        this.#mark.set(isBroadcaster);
        this.#wakeLock.set(isBroadcaster);
        this.#onlooker.set((mode === "other" || mode === "encoder") && !this.#capture.stream);
        this.#render();
    }

    #closeCamera() {
        if (this.#onAir.holdsCamera) return;
        this.#broadcaster.stop();
        this.#capture.close();
        this.#parts.preview.srcObject = null;
        this.#mute(false);
        this.#sync();
    }

    async #openCamera() {
        const parts = this.#parts;
        clearTimeout(this.#closing);
        this.#onlooker.set(false);
        this.#render();
        try {
            const stream = await this.#capture.open({ camera: parts.cameras.value, microphone: parts.microphones.value });
            if (this.#isClosed || !this.#onAir.holdsCamera) return this.#capture.close();
            this.#view.say("");
            parts.preview.srcObject = stream;
            this.#broadcaster.use(stream);
            await this.#recorder?.stop();  // the next run has the new stream
            await this.#view.showDevices(this.#capture);
            this.#carryOut(this.#onAir.cameraOpened());
        } catch (error) {
            this.#view.say(captureAdvice(error));
            // The camera that was open goes on: another was only tried.
            if (this.#capture.stream && this.#onAir.holdsCamera) return this.#view.showDevices(this.#capture);
            this.#carryOut(this.#onAir.cameraFailed());
        }
    }

    #lostCamera() {
        const rest = this.#onAir.isBroadcaster ? ": the show goes on." : ".";
        this.#view.say(`The camera or microphone was taken away. Press Start camera to open it, or another, again${rest}`);
        this.#capture.close();
        this.#parts.preview.srcObject = null;
        this.#carryOut(this.#onAir.cameraLost());
    }

    #mute(isMuted) {
        this.#parts.microphone.setAttribute("aria-pressed", String(isMuted));
        this.#capture.mute(isMuted);
        this.#mark.noteMuted(isMuted);
        this.#render();
    }

    #follow(stream) {
        const before = this.#record.status;
        this.#record = stream;
        this.#carryOut(this.#onAir.told(stream));
        if (stream.status === before) return;
        this.#onStatus();
        if (stream.status === "ended") {
            this.#broadcaster.stop();
            this.#afterShow();
        }
    }

    /** The last piece is kept: what was recorded goes up. */
    #afterShow() {
        if (this.#record.status === "ended" && !this.#recorder?.isRunning) this.#upload?.run();
    }

    #placed(hasPlace, broadcaster) {
        const wasBroadcaster = this.#onAir.isBroadcaster;
        this.#carryOut(this.#onAir.placeChanged(hasPlace, broadcaster));
        if (wasBroadcaster && broadcaster === "encoder") this.#view.say("An encoder broadcasts this show now: this page has stopped.");
        else if (hasPlace) this.#view.say("");
    }

    #refused({ code, message, in_reply_to: type, client_message_id: line }) {
        if (code === "replaced" || line) return;
        if (type === "end_stream") {
            this.#carryOut(this.#onAir.refused(type, code));
            if (this.#onAir.isEnding) return setTimeout(() => { if (this.#onAir.isEnding) this.#signaling.send("end_stream"); }, endingPause);
        }
        toast(message);
        if (type === "start_stream" || type === "take_over") this.#carryOut(this.#onAir.refused(type, code));
    }

    #sentAway(code) {
        this.#carryOut(this.#onAir.displaced());
        if (code === 4409) {
            this.#view.say("This show is run from another window now.");
            this.#signaling.connect();  // to look on
        } else if (code === 4410) {
            toast("This show was deleted.");
            location.hash = "#/";
        } else {
            this.#view.say("The token isn't valid any more. Open the link that the server printed.");
        }
    }

    #announce({ run, startMs }) {
        this.#signaling.send("recording_run", { device: deviceId(), run, starts_at_ms: startMs });
    }

    #measure(level) {
        this.#parts.level.value = level;
        if (level > 0.004) this.#lastSound = performance.now();
        const isMuted = this.#parts.microphone.getAttribute("aria-pressed") === "true";
        this.#view.silence(performance.now() - this.#lastSound > silenceTime && !isMuted);
    }

    #mayUnload(event) {
        if (this.#onAir.isBroadcaster || this.#onAir.isEnding) event.preventDefault();
    }

    #render() {
        if (!this.#onAir || this.#isClosed) return;
        this.#view.render(this.#record, this.#onAir, {
            hasCamera: this.#capture.stream !== null, isUploading: this.#upload?.isRunning ?? false,
        });
    }

    async #try(work) {
        try {
            await work();
        } catch (error) {
            toast(error.message);
        }
    }
}
