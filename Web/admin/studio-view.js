// What the studio shows of a show: states, buttons, devices and notes.
import { byId, element, setState } from "../shared/dom.js";

const labels = { scheduled: "Scheduled", live: "Live", ended: "Ended" };
const silent = "Your microphone is silent. Is it the right one?";
const notes = {
    idle: "Your camera is off.",
    "no-picture": "No picture leaves this page. Press Start camera.",
    taking: "One moment: your camera is being started.",
    encoder: "An encoder broadcasts this show. You are only looking on.",
    other: "Another window or device broadcasts this show. You are only looking on.",
    nobody: "Nobody broadcasts now. The show ends soon, unless somebody takes over.",
    ending: "The show is being ended. Nothing leaves this page any more; if the server is away, it hears of it as soon as it is back.",
    over: "The show is over.",
};

export class StudioView {
    #parts;
    #wasOnAir = false;

    /** @param {Object<string, HTMLElement>} parts the studio's elements by name */
    constructor(parts) {
        this.#parts = parts;
    }

    /**
     * @param {Object} record the livestream's
     * @param {OnAir} onAir
     * @param {{hasCamera: boolean, isUploading: boolean}} state
     */
    render({ status, title, viewer_count: viewers, likes }, onAir, { hasCamera, isUploading }) {
        const parts = this.#parts;
        const { can, mode, isOnAir } = onAir;
        document.title = `${isOnAir ? "● On air · " : ""}${title} · Studio · Vitrine`;
        parts.title.textContent = title;
        setState(parts.state, isUploading ? "Uploading recording" : labels[status], isUploading ? "uploading" : status);
        parts["on-air"].hidden = !isOnAir;
        parts.stage.toggleAttribute("data-on-air", isOnAir);
        parts.viewers.textContent = String(viewers);
        parts.likes.textContent = String(likes);
        this.#renderCamera(can, hasCamera);
        parts["go-live"].hidden = status !== "scheduled";
        parts["go-live"].disabled = !can.goLive;
        parts["take-over"].hidden = !can.takeOver;
        parts.end.hidden = !can.end;
        parts.microphone.hidden = parts.devices.hidden = !hasCamera;
        const isMuted = hasCamera && parts.microphone.getAttribute("aria-pressed") === "true";
        parts.muted.hidden = !isMuted;
        parts["preview-note"].hidden = hasCamera && mode !== "other" && mode !== "encoder";
        parts["preview-note"].toggleAttribute("data-over", mode === "other" || mode === "encoder");
        parts["preview-note"].textContent = notes[mode] ?? "";
        this.#keepFocus(isOnAir);
    }

    /** The button keeps its place once the camera is on: a second tap must not meet another button there. */
    #renderCamera({ startCamera, takeOver }, hasCamera) {
        const button = this.#parts["start-camera"];
        button.hidden = takeOver || (!startCamera && !hasCamera);
        button.disabled = !startCamera;
        button.textContent = startCamera ? "Start camera" : "Camera on";
    }

    /** What has been pressed is gone: the focus goes to what is of use now, and never to what ends the show. */
    #keepFocus(isOnAir) {
        if (isOnAir && !this.#wasOnAir && document.activeElement === document.body) this.#parts.microphone.focus();
        this.#wasOnAir = isOnAir;
    }

    async showDevices(capture) {
        const { cameras, microphones } = await capture.devices();
        const fill = (select, devices, track) => {
            select.replaceChildren(...devices.map((device, index) => element("option", { value: device.deviceId, text: device.label || `Device ${index + 1}` })));
            select.value = track?.getSettings().deviceId ?? "";
        };
        fill(this.#parts.cameras, cameras, capture.stream?.getVideoTracks()[0]);
        fill(this.#parts.microphones, microphones, capture.stream?.getAudioTracks()[0]);
    }

    /** One thing that somebody should know or do now; "" for none. */
    say(text) {
        this.#parts.notice.hidden = text === "";
        this.#parts.notice.textContent = text;
    }

    /** What stays true until something is done about it. */
    warn(text) {
        this.#parts.warning.hidden = false;
        this.#parts.warning.textContent = text;
    }

    silence(isSilent) {
        if (isSilent && this.#parts.notice.hidden) this.say(silent);
        if (!isSilent && this.#parts.notice.textContent === silent) this.say("");
    }

    linkState(text) {
        byId("link-state").hidden = text === "";
        byId("link-state").textContent = text;
    }
}
