// Who broadcasts a show, as far as one page of the studio is concerned, and what a press does. A value: what happens goes
// in, what is to be done comes out; no camera, no socket, no page.
//
// The camera opens, and pictures leave this page, only after a press for this show: "Start camera", "Go live" or "Take
// over". A reload of the page that was broadcasting a moment ago counts as one.

/** What a page may have to do: `open-camera`, or a message to send. */
const openCamera = "open-camera";

export class OnAir {
    /** "scheduled", "live" or "ended" */
    #show;
    /** "studio", "encoder" or null: as the server says */
    #broadcaster;
    /** This page is the one whose picture the server passes on. */
    #hasPlace = false;
    /** "off", "opening" or "on" */
    #camera = "off";
    /** Somebody has pressed for the camera, and for what it was opened still holds. */
    #wantsCamera = false;
    /** Somebody has pressed "Go live" or "Take over" here. */
    #intends = false;
    /** "Take over" was pressed, and waits for the camera or the server. */
    #isTaking = false;
    #isStarting = false;
    /** Somebody has said that the show is to end, and the server hasn't confirmed it: said again after a reconnect. */
    #isEnding = false;
    /** This page was broadcasting a moment ago, and was loaded again. */
    #isResuming;

    /**
     * @param {{status: string, broadcaster?: ?string}} record
     * @param {boolean} wasOnAir this very page was broadcasting this show a moment ago
     */
    constructor({ status, broadcaster = null }, wasOnAir = false) {
        this.#show = status;
        this.#broadcaster = broadcaster;
        this.#isResuming = wasOnAir && status === "live";
    }

    /** What the page asks for when it joins. */
    get place() { return this.#intends || this.#isResuming ? "if_free" : "none"; }

    /** Pictures leave this page, and are recorded. */
    get isOnAir() { return this.#show === "live" && this.#hasPlace && this.#intends && this.#camera === "on"; }

    /** The show is to end as soon as the server hears of it. */
    get isEnding() { return this.#isEnding && this.#show === "live"; }

    /** It broadcasts, or would with a camera: leaving it now stops the show for everybody. */
    get isBroadcaster() { return this.#show === "live" && this.#intends && this.#hasPlace; }

    get holdsCamera() { return this.#wantsCamera; }

    /** For what people see: "idle", "ready", "on-air", "no-picture", "taking", "encoder", "other", "nobody", "ending" or "over". */
    get mode() {
        if (this.#show === "ended") return "over";
        if (this.#show === "scheduled") return this.#camera === "on" ? "ready" : "idle";
        if (this.#isEnding) return "ending";
        if (this.isOnAir) return "on-air";
        if (this.isBroadcaster) return "no-picture";
        if (this.#isTaking || this.#isResuming) return "taking";
        if (this.#broadcaster === "encoder") return "encoder";
        return this.#broadcaster === "studio" ? "other" : "nobody";
    }

    /** What can be pressed. */
    get can() {
        const mode = this.mode;
        return {
            startCamera: this.#camera !== "on" && (mode === "idle" || mode === "no-picture"),
            goLive: this.#show === "scheduled" && this.#camera === "on" && !this.#isStarting,
            takeOver: ["encoder", "other", "nobody"].includes(mode),
            end: this.#show === "live" && !this.#isEnding,
        };
    }

    // What people do. Each gives what is to be done now.

    pressStartCamera() {
        if (!this.can.startCamera) return [];
        return this.#open();
    }

    pressGoLive() {
        if (!this.can.goLive) return [];
        this.#isStarting = this.#intends = true;
        return ["start_stream"];
    }

    pressTakeOver() {
        if (!this.can.takeOver) return [];
        this.#isTaking = true;
        return this.#camera === "on" ? ["take_over"] : this.#open();
    }

    /** After the question whether the show is to end. Nothing leaves this page from here on, whatever the network does. */
    pressEnd() {
        if (!this.can.end) return [];
        this.#giveUp();
        this.#isEnding = true;
        return ["end_stream"];
    }

    /** The page is left on purpose. */
    leave() {
        const isLeft = this.isBroadcaster;
        this.#giveUp();
        return isLeft ? ["leave_place"] : [];
    }

    // What the camera does

    cameraOpened() {
        if (!this.#wantsCamera) return [];
        this.#camera = "on";
        return this.#isTaking ? ["take_over"] : [];
    }

    cameraFailed() {
        this.#camera = "off";
        this.#isTaking = false;
        if (!this.#intends) this.#wantsCamera = false;
        return [];
    }

    /** The show goes on without a picture until somebody has pressed "Start camera". */
    cameraLost() {
        this.#camera = "off";
        return [];
    }

    // What the server says

    joined({ status, broadcaster = null }, hasPlace) {
        const was = this.#show;
        this.#show = status;
        this.#broadcaster = broadcaster;
        this.#hasPlace = hasPlace;
        this.#isStarting = false;
        this.#isEnding &&= status === "live";
        if (status === "ended") return this.#over();
        if (this.#isEnding) return ["end_stream"];
        if (this.#isResuming) {
            this.#isResuming = false;
            if (!hasPlace || status !== "live") return this.#giveUp();
            this.#intends = true;
            return this.#camera === "on" ? [] : this.#open();
        }
        if (this.#isTaking && this.#camera === "on" && !hasPlace) return ["take_over"];
        if (status === "live" && !hasPlace && (this.#intends || was === "scheduled") && !this.#isTaking) return this.#giveUp();
        if (status === "scheduled") this.#intends = false;
        return [];
    }

    placeChanged(hasPlace, broadcaster) {
        const had = this.#hasPlace;
        this.#hasPlace = hasPlace;
        this.#broadcaster = broadcaster;
        if (hasPlace && this.#isTaking) {
            this.#intends = true;
            this.#isTaking = false;
        }
        return had && !hasPlace && this.#show === "live" ? this.#giveUp() : [];
    }

    /** The record as it is now. */
    told({ status, broadcaster = null }) {
        this.#broadcaster = broadcaster;
        if (status === this.#show) return [];
        this.#show = status;
        this.#isStarting = this.#isEnding = false;
        if (status === "ended") return this.#over();
        // Somebody else has started it: what was opened for this page's own start is closed.
        return status === "live" && !this.#intends ? this.#giveUp() : [];
    }

    /** The server didn't do what was asked for. */
    refused(message, code) {
        if (message === "start_stream") {
            this.#isStarting = this.#intends = false;
            // Somebody else was a moment quicker: what was opened for this page's own start is closed.
            if (this.#show === "live" && !this.#hasPlace) this.#giveUp();
        }
        if (message === "take_over") this.#giveUp();
        if (message === "end_stream" && code === "forbidden") this.#isEnding = false;
        return [];
    }

    /** Another window has taken over. */
    displaced() { return this.#giveUp(); }

    #open() {
        this.#wantsCamera = true;
        this.#camera = "opening";
        return [openCamera];
    }

    /** Nothing of this page is on air any more, and only a press brings it back. */
    #giveUp() {
        this.#intends = this.#isTaking = this.#isStarting = this.#isResuming = this.#wantsCamera = false;
        this.#hasPlace = false;
        this.#camera = "off";
        return [];
    }

    #over() {
        this.#giveUp();
        this.#isEnding = false;
        this.#broadcaster = null;
        return [];
    }
}
