// One captured stream to many viewers: an RTCPeerConnection for each, offered when the server says so.

/** How long a viewer who left may still be shown the picture: most of them come back with another socket. */
const grace = 10_000;
/** Just after this page joined, the server names all viewers, also those that are being served well. */
const rejoinTime = 2_000;

/** What each viewer may cost, by how many there are: the uplink and the encoder are shared. */
function budget(viewers) {
    if (viewers <= 2) return { maxBitrate: 2_500_000, scaleResolutionDownBy: 1 };
    if (viewers <= 4) return { maxBitrate: 1_500_000, scaleResolutionDownBy: 1.5 };
    return { maxBitrate: 800_000, scaleResolutionDownBy: 2 };
}

/** How signaling names the server's own media peer. */
const relay = "relay";

class Peer {
    constructor(iceServers) {
        this.connection = new RTCPeerConnection({ iceServers });
        this.early = [];
    }

    get isConnected() { return this.connection.connectionState === "connected"; }
    get isUsable() { return !["failed", "closed"].includes(this.connection.connectionState); }

    async take(candidate) {
        if (this.connection.remoteDescription) await this.connection.addIceCandidate(candidate ?? undefined);
        else if (candidate && this.early.length < 100) this.early.push(candidate);
    }

    close() {
        this.connection.onicecandidate = this.connection.onconnectionstatechange = null;
        this.connection.close();
    }
}

/** Dispatches `change` when a viewer's connection comes, goes or changes its state. */
export class Broadcaster extends EventTarget {
    #signaling;
    #viewers = new Map();
    #waiting = new Set();
    #stream = null;
    #joinedAt = 0;
    /** Whether somebody needs what goes to the relay; its connection stands all the same. */
    #uplinkFlows = true;

    constructor(signaling) {
        super();
        this.iceServers = [];
        this.#signaling = signaling;
        const on = (type, listener) => signaling.addEventListener(type, ({ detail }) => listener(detail));
        on("joined", ({ ice_servers }) => {
            this.iceServers = ice_servers;
            this.#joinedAt = performance.now();
        });
        on("viewer_joined", ({ viewer_id }) => this.#invite(viewer_id));
        // To this page the relay is one more viewer.
        on("uplink_requested", ({ media, fresh }) => this.#haveUplink(media !== false, fresh === true));
        on("uplink_released", () => this.#left(relay));
        on("viewer_left", ({ viewer_id }) => this.#left(viewer_id));
        on("webrtc_answer", (message) => this.#answered(message));
        on("ICE_candidate", ({ from, candidate }) => {
            const viewer = this.#viewers.get(from);
            (viewer?.next ?? viewer?.peer)?.take(candidate).catch(() => {});
        });
    }

    /** The connections by viewer id. */
    get connections() {
        return new Map([...this.#viewers].map(([id, viewer]) => [id, (viewer.peer ?? viewer.next).connection]));
    }

    /** Sends this stream from now on: to those who wait for it, and in place of the former to the others. */
    use(stream) {
        this.#stream = stream;
        for (const { peer, next } of this.#viewers.values()) {
            for (const sender of [peer, next].flatMap((each) => each?.connection.getSenders() ?? [])) {
                const track = stream.getTracks().find((candidate) => candidate.kind === sender.track?.kind);
                if (track) sender.replaceTrack(track);
            }
        }
        for (const id of this.#waiting) this.#offer(id);
        this.#waiting.clear();
    }

    /** Nobody gets this page's picture any more, and nobody is given it later. */
    stop() {
        this.#stream = null;
        this.close();
    }

    close() {
        for (const viewer of this.#viewers.values()) {
            clearTimeout(viewer.timer);
            viewer.peer?.close();
            viewer.next?.close();
        }
        this.#viewers.clear();
        this.#waiting.clear();
        this.dispatchEvent(new Event("change"));
    }

    #invite(id) {
        const viewer = this.#viewers.get(id);
        if (viewer?.peer?.isConnected && performance.now() - this.#joinedAt < rejoinTime) return;
        if (this.#stream) this.#offer(id);
        else this.#waiting.add(id);
    }

    /** Sees to it that a connection to the relay stands, with its media flowing or paused. */
    #haveUplink(flows, isFresh) {
        this.#uplinkFlows = flows;
        const viewer = this.#viewers.get(relay);
        clearTimeout(viewer?.timer);
        if (!isFresh && (viewer?.next ?? viewer?.peer)?.isUsable) this.#share();
        else if (this.#stream) this.#offer(relay);
        else this.#waiting.add(relay);
    }

    #isActive(id) { return id !== relay || this.#uplinkFlows; }

    async #offer(id) {
        const viewer = this.#viewers.get(id) ?? { peer: null, next: null, timer: null };
        this.#viewers.set(id, viewer);
        viewer.next?.close();
        const peer = viewer.next = new Peer(this.iceServers);
        for (const track of this.#stream.getTracks()) {
            const transceiver = this.#addTrack(peer.connection, track, id);
            // What the relay gets must be played by every browser.
            if (id === relay && track.kind === "video") preferVP8(transceiver);
        }
        peer.connection.onicecandidate = ({ candidate }) => {
            this.#signaling.send("ICE_candidate", { to: id, candidate: candidate ? candidate.toJSON() : null });
        };
        peer.connection.onconnectionstatechange = () => this.#stateChanged(viewer, peer);
        await peer.connection.setLocalDescription();
        this.#signaling.send("webrtc_offer", { to: id, sdp: peer.connection.localDescription.sdp });
        this.#share();
    }

    /** What goes to the relay is in temporal layers, so that a viewer with a weak link can be sent every second picture. */
    #addTrack(connection, track, id) {
        const add = (encoding) => connection.addTransceiver(track, {
            direction: "sendonly", streams: [this.#stream], sendEncodings: [{ active: this.#isActive(id), ...encoding }],
        });
        if (id !== relay || track.kind !== "video") return add({});
        try {
            return add({ scalabilityMode: "L1T3" });
        } catch {
            return add({});  // a browser that has none says so by an error
        }
    }

    async #answered({ from, sdp }) {
        const peer = this.#viewers.get(from)?.next;
        if (peer?.connection.signalingState !== "have-local-offer") return;
        try {
            await peer.connection.setRemoteDescription({ type: "answer", sdp });
            for (const candidate of peer.early.splice(0)) await peer.connection.addIceCandidate(candidate);
            this.#share();
        } catch (error) {
            console.warn("answer:", error.message);
        }
    }

    /** The new connection stands: the one before it has done its work. */
    #stateChanged(viewer, peer) {
        if (peer.isConnected && viewer.next === peer) {
            viewer.peer?.close();
            viewer.peer = peer;
            viewer.next = null;
        }
        // Nobody else would notice: the relay waits for whoever comes.
        if (viewer === this.#viewers.get(relay) && peer.connection.connectionState === "failed") this.#offer(relay);
        this.dispatchEvent(new Event("change"));
    }

    #left(id) {
        this.#waiting.delete(id);
        const viewer = this.#viewers.get(id);
        if (!viewer) return;
        clearTimeout(viewer.timer);
        viewer.timer = setTimeout(() => {
            viewer.peer?.close();
            viewer.next?.close();
            this.#viewers.delete(id);
            this.#share();
        }, grace);
    }

    /** Gives each viewer its part of the uplink. A steady picture is worth more than a sharp one when things move. */
    async #share() {
        const part = budget([...this.#viewers.keys()].filter((id) => this.#isActive(id)).length);
        for (const [id, { peer, next }] of this.#viewers) {
            for (const sender of [peer, next].flatMap((each) => each?.connection.getSenders() ?? [])) {
                const parameters = sender.getParameters();
                if (!sender.track || !parameters.encodings?.length) continue;
                parameters.encodings[0].active = this.#isActive(id);
                if (sender.track.kind === "video") {
                    parameters.degradationPreference = "maintain-framerate";
                    Object.assign(parameters.encodings[0], part);
                }
                await sender.setParameters(parameters).catch(() => {});
            }
        }
        this.dispatchEvent(new Event("change"));
    }
}

function preferVP8(transceiver) {
    const codecs = RTCRtpReceiver.getCapabilities?.("video")?.codecs ?? [];
    const isVP8 = (codec) => codec.mimeType.toLowerCase() === "video/vp8";
    if (codecs.some(isVP8)) transceiver.setCodecPreferences?.([...codecs.filter(isVP8), ...codecs.filter((codec) => !isVP8(codec))]);
}
