// The show's picture for who looks on in the studio: played from the relay by WHEP, as any player would.

export class OnlookerPicture {
    #video;
    #address;
    #authorization;
    #peer = null;
    #session = null;
    #isWanted = false;
    #timer = null;

    /**
     * @param {HTMLVideoElement} video
     * @param {string} address of the show's WHEP door
     * @param {Object} authorization headers that say who asks
     */
    constructor(video, address, authorization) {
        this.#video = video;
        this.#address = address;
        this.#authorization = authorization;
    }

    set(isWanted) {
        if (isWanted === this.#isWanted) return;
        this.#isWanted = isWanted;
        if (isWanted) this.#play();
        else this.#stop();
    }

    async #play() {
        if (typeof RTCPeerConnection !== "function") return;
        const peer = this.#peer = new RTCPeerConnection();
        const media = new MediaStream();
        peer.ontrack = ({ track }) => {
            media.addTrack(track);
            if (this.#peer === peer) this.#video.srcObject = media;
        };
        peer.onconnectionstatechange = () => { if (["failed", "closed"].includes(peer.connectionState)) this.#again(peer); };
        try {
            for (const kind of ["video", "audio"]) peer.addTransceiver(kind, { direction: "recvonly" });
            await peer.setLocalDescription();
            const answer = await fetch(this.#address, {
                method: "POST", body: peer.localDescription.sdp,
                headers: { ...this.#authorization, "Content-Type": "application/sdp" },
            });
            if (answer.status !== 201) throw new Error(`WHEP: ${answer.status}`);
            const session = answer.headers.get("Location");
            if (this.#peer !== peer) return this.#end(session);
            this.#session = session;
            await peer.setRemoteDescription({ type: "answer", sdp: await answer.text() });
        } catch {
            this.#again(peer);
        }
    }

    /** There may be no uplink yet, or another one. */
    #again(peer) {
        if (this.#peer !== peer) return;
        this.#stop();
        if (this.#isWanted) this.#timer = setTimeout(() => this.#play(), 2000 + Math.random() * 1000);
    }

    #stop() {
        clearTimeout(this.#timer);
        const peer = this.#peer;
        this.#peer = null;
        if (peer) peer.onconnectionstatechange = null;
        peer?.close();
        if (this.#session) this.#end(this.#session);
        this.#session = null;
        this.#video.srcObject = null;
    }

    #end(session) {
        fetch(session, { method: "DELETE", headers: this.#authorization, keepalive: true }).catch(() => {});
    }
}
