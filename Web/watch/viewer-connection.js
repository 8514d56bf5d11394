// The viewer's end of the picture: answers offers, and shows the newest connection that really has one.
//
// It does not care who offers: an admin's page and a relay are the same to it. A new offer opens a second connection
// beside the first, and the picture moves over only when the second one has decoded a frame: make before break.

const sessionOf = (sdp) => /^o=\S+ (\S+)/m.exec(sdp)?.[1] ?? "";
/** A direct picture that stands still so long has lost its way. The relay itself knows what its viewers' links carry: only
 *  when it says nothing of that, and no frame comes for long, is its connection to be made anew. */
const patience = { direct: 500, relay: 2500 };
const pathOf = (from) => (from === "relay" ? "relay" : "direct");

/** One RTCPeerConnection, as far as the viewer is concerned. */
class Peer {
    #end;
    #ended = new Promise((_, reject) => { this.#end = reject; });

    constructor(from, session, connection) {
        this.#ended.catch(() => {});  // nobody need be waiting
        this.from = from;
        this.session = session;
        this.media = new MediaStream();
        this.connection = connection;
        this.connection.ontrack = ({ track }) => this.media.addTrack(track);
    }

    /** Waits for something of its connection, until that is closed: what is under way then never settles by itself. */
    until(promise) { return Promise.race([promise, this.#ended]); }

    /** How many frames have been decoded so far. */
    async framesDecoded() {
        let frames = 0;
        for (const report of (await this.connection.getStats()).values()) {
            if (report.type === "inbound-rtp" && report.kind === "video") frames += report.framesDecoded ?? 0;
        }
        return frames;
    }

    close() {
        this.#end(new Error("the connection was closed meanwhile"));
        this.connection.onicecandidate = this.connection.onconnectionstatechange = null;
        this.connection.close();
    }
}

/**
 * Dispatches `picture` (detail: the path it takes), `quality` (it has changed), `frozen` (the picture stands still), `moving` (it moves again) and
 * `asleep` (the browser plays nothing before a press).
 */
export class ViewerConnection extends EventTarget {
    #video;
    #signaling;
    /** A browser's first connection takes a while to make, so it is made while the page loads. */
    #spare = ViewerConnection.isPossible ? new RTCPeerConnection() : null;
    #shown = null;
    /** Connections without a picture yet, by who offers: the first to decode a frame wins. */
    #candidates = new Map();
    #wasFrozen = false;
    #early = new Map();
    #queue = Promise.resolve();
    #watch = null;
    /** Decoded when last asked; null when a frame has been on the screen since. */
    #frames = null;
    #lastFrame = 0;
    #lastReport = 0;
    #lastSaid = "";
    #liveSince = 0;
    #isFrozen = false;
    #path;
    /** What the relay can send over this link, as it says: "good", "weak" or "sound_only". */
    #quality = "good";

    /** Some browsers, and some who manage them, have no WebRTC: a replay needs none. */
    static isPossible = typeof RTCPeerConnection === "function";

    /**
     * @param {HTMLVideoElement} video
     * @param {Signaling} signaling
     */
    constructor(video, signaling) {
        super();
        this.iceServers = [];
        this.#path = "direct";
        this.#video = video;
        this.#signaling = signaling;
        signaling.addEventListener("path_selected", ({ detail }) => {
            if (detail.path !== this.#path) this.#liveSince = performance.now();
            this.#path = detail.path;
        });
        signaling.addEventListener("quality", ({ detail }) => this.#setQuality(detail.state));
        signaling.addEventListener("joined", () => this.#setQuality("good"));
        signaling.addEventListener("webrtc_offer", ({ detail }) => {
            this.#supersede(detail);
            this.#enqueue(() => this.#answer(detail));
        });
        signaling.addEventListener("ICE_candidate", ({ detail }) => this.#enqueue(() => this.#addCandidate(detail)));
    }

    /** Of the picture that is shown, or is to be: what doesn't come by the relay has nobody to judge it. */
    get quality() { return (this.#shown ? pathOf(this.#shown.from) : this.#path) === "relay" ? this.#quality : "good"; }

    #setQuality(state) {
        this.#quality = state;
        this.dispatchEvent(new Event("quality"));
    }

    /** Expects a picture from now on. */
    start() {
        if (this.#watch) return;
        this.#liveSince = performance.now();
        this.#watch = setInterval(() => this.#look(), 50);
    }

    /** Lets go of every connection: the show is over. */
    stop() {
        clearInterval(this.#watch);
        this.#watch = null;
        this.#shown?.close();
        this.#dropCandidates();
        this.#shown = null;
        this.#isFrozen = false;
        this.#quality = "good";
        this.#early.clear();
        this.#spare?.close();
        this.#spare = null;
        this.#video.srcObject = null;
    }

    /** How much of the sound was made up so far, in ms: what was lost on its way, not what was silent. */
    async concealed() {
        if (!this.#shown) return 0;
        let milliseconds = 0;
        for (const report of (await this.#shown.connection.getStats()).values()) {
            if (report.type !== "inbound-rtp" || report.kind !== "audio") continue;
            milliseconds += ((report.concealedSamples ?? 0) - (report.silentConcealedSamples ?? 0)) / 48;
        }
        return milliseconds;
    }

    /** Offers and candidates are taken one after the other, in the order in which they came. */
    #enqueue(work) {
        this.#queue = this.#queue.then(work).catch((error) => console.warn("signaling:", error.message));
    }

    /** A newer offer of the same peer: the one that is still being answered is of no use, and must hold up nothing. */
    #supersede({ from, sdp }) {
        const candidate = this.#candidates.get(from);
        if (!candidate || candidate.session === sessionOf(sdp)) return;
        candidate.close();
        this.#candidates.delete(from);
    }

    async #answer({ from, sdp }) {
        const session = sessionOf(sdp);
        let peer = [this.#candidates.get(from), this.#shown].find((known) => known?.from === from && known.session === session);
        if (!peer) {
            peer = new Peer(from, session, this.#connection());
            this.#candidates.set(from, peer);
            this.#listen(peer);
            // The first to come needs no polling: its first frame tells of itself.
            if (!this.#shown && this.#video.srcObject === null) this.#attach(peer);
        }
        const { connection } = peer;
        await peer.until(connection.setRemoteDescription({ type: "offer", sdp }));
        // One of an offer before is none of this one's, and no reason not to answer.
        for (const candidate of this.#early.get(from) ?? []) await peer.until(connection.addIceCandidate(candidate).catch(() => {}));
        this.#early.delete(from);
        await peer.until(connection.setLocalDescription());
        this.#signaling.send("webrtc_answer", { to: from, sdp: connection.localDescription.sdp });
    }

    #connection() {
        const connection = this.#spare ?? new RTCPeerConnection();
        this.#spare = null;
        connection.setConfiguration({ iceServers: this.iceServers });
        return connection;
    }

    #listen(peer) {
        peer.connection.onicecandidate = ({ candidate }) => {
            this.#signaling.send("ICE_candidate", { to: peer.from, candidate: candidate ? candidate.toJSON() : null });
        };
        peer.connection.onconnectionstatechange = () => {
            if (peer.connection.connectionState === "failed") this.#failed(peer);
        };
    }

    #failed(peer) {
        if (this.#shown === peer || !this.#shown || peer.from === "relay") return this.#report(peer, "failed", "the connection failed");
        peer.close();  // another try of the direct way, while the relay shows the picture
        if (this.#candidates.get(peer.from) === peer) this.#candidates.delete(peer.from);
    }

    async #addCandidate({ from, candidate }) {
        const peer = this.#candidates.get(from) ?? (this.#shown?.from === from ? this.#shown : null);
        if (peer?.connection.remoteDescription) {
            await peer.until(peer.connection.addIceCandidate(candidate ?? undefined));
        } else if (candidate) {
            const early = this.#early.get(from) ?? [];
            if (early.length < 100) this.#early.set(from, [...early, candidate]);
        }
    }

    #dropCandidates() {
        for (const peer of this.#candidates.values()) peer.close();
        this.#candidates.clear();
    }

    /** Twenty times a second: has another connection a picture yet, and does the shown one still move? */
    async #look() {
        const now = performance.now();
        const shown = this.#shown;
        // Frames on the screen speak for themselves; decoders are asked when there are none.
        if (shown && this.#candidates.size === 0 && !this.#wasFrozen && now - this.#lastFrame < 300) return;
        for (const peer of this.#candidates.values()) {
            if ((await peer.framesDecoded()) > 0 && this.#candidates.get(peer.from) === peer) return this.#show(peer);
        }
        if (!shown) {
            if (this.quality === "sound_only") return;
            const waited = this.#path === "direct" ? 1500 : 5000;
            if (!this.#shown && now - this.#liveSince > waited) this.#report(null, "failed", "no picture yet");
            return;
        }
        if (shown !== this.#shown) return;
        const frames = await shown.framesDecoded();
        if (this.#frames !== null && frames !== this.#frames) {
            this.#lastFrame = now;
            if (this.#wasFrozen) this.#recovered(shown);
        } else if (now - this.#lastFrame > patience[pathOf(shown.from)] && !document.hidden) {
            this.#freeze(shown, now - this.#lastFrame);
        }
        this.#frames = frames;
    }

    #attach(peer) {
        this.#video.srcObject = peer.media;
        this.#video.play().catch((error) => {
            if (error.name === "NotAllowedError") this.dispatchEvent(new Event("asleep"));
        });
        this.#video.requestVideoFrameCallback?.(() => this.#frameShown(peer));
    }

    /** A frame is on the screen; sleeps while the page is hidden, so polling goes on beside it. */
    #frameShown(peer) {
        if (this.#video.srcObject !== peer.media || !this.#watch) return;
        if (this.#candidates.get(peer.from) === peer) this.#show(peer);
        else if (this.#shown === peer) {
            this.#lastFrame = performance.now();
            this.#frames = null;
            if (this.#wasFrozen) this.#recovered(peer);
        }
        this.#video.requestVideoFrameCallback?.(() => this.#frameShown(peer));
    }

    #show(peer) {
        this.#shown?.close();
        this.#candidates.delete(peer.from);
        this.#dropCandidates();
        this.#shown = peer;
        this.#wasFrozen = false;
        this.#frames = null;
        this.#lastFrame = performance.now();
        this.#isFrozen = false;
        if (this.#video.srcObject !== peer.media) this.#attach(peer);
        this.#report(peer, "connected", "first frame");
        this.dispatchEvent(new CustomEvent("picture", { detail: pathOf(peer.from) }));
    }

    #freeze(peer, milliseconds) {
        // The relay has said why: another connection over the same link would be no better.
        if (this.quality !== "good") return;
        this.#wasFrozen = true;
        this.#report(peer, "frozen", `no frame for ${Math.round(milliseconds)} ms`);
        if (this.#isFrozen || milliseconds < 1500) return;
        this.#isFrozen = true;
        this.dispatchEvent(new CustomEvent("frozen"));
    }

    /** It moves again by itself: whoever raced against it is not needed any more. */
    #recovered(peer) {
        this.#wasFrozen = false;
        // A connection that is to take a relayed one's place goes on: the server has let go of the old one.
        if (peer.from !== "relay") {
            this.#candidates.get("relay")?.close();
            this.#candidates.delete("relay");
        }
        this.#report(peer, "connected", "recovered");
        if (!this.#isFrozen) return;
        this.#isFrozen = false;
        this.dispatchEvent(new CustomEvent("moving"));
    }

    /** What has not changed is said again after two seconds at the earliest. */
    #report(peer, state, reason) {
        const now = performance.now();
        const path = peer ? pathOf(peer.from) : this.#path;
        const said = `${path} ${state}`;
        if (said === this.#lastSaid && now - this.#lastReport < 2000) return;
        if (!this.#signaling.send("path_report", { path, state, reason })) return;
        this.#lastSaid = said;
        this.#lastReport = now;
    }
}
