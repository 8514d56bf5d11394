// Who is watching, which way, and how well.
import { element } from "../shared/dom.js";

const refreshEvery = 2000;
const dash = "–";
const words = { good: "good", weak: "weak connection", sound_only: "sound only" };

/** What the sender knows of one viewer's connection. */
async function measure(connection, before) {
    let bytes = 0;
    let loss = null;
    let roundTrip = null;
    for (const report of (await connection.getStats()).values()) {
        if (report.type === "outbound-rtp") bytes += report.bytesSent ?? 0;
        if (report.type === "remote-inbound-rtp" && report.kind === "video") {
            loss = report.fractionLost ?? loss;
            roundTrip = report.roundTripTime ?? roundTrip;
        }
    }
    const time = performance.now();
    const rate = before ? (bytes - before.bytes) * 8 / (time - before.time) : null;
    return { bytes, time, rate, loss, roundTrip };
}

export class ViewersTable {
    #parts;
    #broadcaster;
    #viewers = new Map();
    #timer;
    #relayed;
    /** Who watches by a player of their own, as the relay knows them. */
    #players = [];

    /**
     * @param {Object<string, HTMLElement>} parts the studio's elements by name
     * @param {() => Promise<{viewers: Object[]}>} relayed asks what the relay knows of its viewers
     */
    constructor(signaling, broadcaster, parts, relayed) {
        this.#parts = parts;
        this.#relayed = relayed;
        this.#broadcaster = broadcaster;
        signaling.addEventListener("path_selected", ({ detail }) => {
            const known = this.#viewers.get(detail.viewer_id) ?? {};
            this.#viewers.set(detail.viewer_id, { ...known, path: detail.path, reason: detail.reason });
            this.#render();
        });
        signaling.addEventListener("viewer_left", ({ detail }) => {
            this.#viewers.delete(detail.viewer_id);
            this.#render();
        });
        signaling.addEventListener("joined", () => this.#viewers.clear());
        signaling.addEventListener("stream_ended", () => {
            this.#viewers.clear();
            this.#render();
        });
        broadcaster.addEventListener("change", () => this.#render());
        this.#timer = setInterval(() => this.#measure(), refreshEvery);
    }

    close() {
        clearInterval(this.#timer);
    }

    async #measure() {
        for (const [id, connection] of this.#broadcaster.connections) {
            const viewer = this.#viewers.get(id);
            if (viewer && viewer.path !== "relay") viewer.figures = await measure(connection, viewer.figures);
        }
        if ([...this.#viewers.values()].some(({ path }) => path === "relay")) await this.#askRelay();
        else this.#players = [];
        this.#render();
    }

    /** The relay measures its own viewers. */
    async #askRelay() {
        const { viewers } = await this.#relayed().catch(() => ({ viewers: [] }));
        this.#players = viewers.filter(({ viewer_id: id, connected }) => !id && connected);
        for (const each of viewers) {
            const viewer = this.#viewers.get(each.viewer_id);
            if (viewer?.path !== "relay") continue;
            const [time, before] = [performance.now(), viewer.figures];
            const rate = before ? Math.max(0, each.bytes_sent - before.bytes) * 8 / (time - before.time) : null;
            const roundTrip = each.round_trip_ms === undefined ? null : each.round_trip_ms / 1000;
            viewer.quality = each.quality;
            viewer.figures = { bytes: each.bytes_sent, time, rate, loss: each.loss, roundTrip };
        }
    }

    #render() {
        const rows = [...this.#viewers].map(([id, viewer]) => {
            const { rate, loss, roundTrip } = viewer.figures ?? {};
            const cells = [
                id.slice(0, 6), viewer.path, this.#state(id, viewer),
                rate > 0 ? `${Math.round(rate)} kb/s` : dash,
                roundTrip === null || roundTrip === undefined ? dash : `${Math.round(roundTrip * 1000)} ms`,
                loss === null || loss === undefined ? dash : `${(loss * 100).toFixed(1)} %`,
            ];
            return element("tr", {}, ...cells.map((text) => element("td", { text })));
        });
        this.#parts["viewer-rows"].replaceChildren(...rows);
        this.#parts["no-viewers"].hidden = rows.length > 0;
        this.#count();
    }

    #state(id, { path, reason, quality = "good" }) {
        if (path === "direct") return this.#broadcaster.connections.get(id)?.connectionState || reason;
        return quality === "good" ? reason : words[quality];
    }

    /** How many are served well, weakly, and by sound alone. */
    #count() {
        const counts = { good: 0, weak: 0, sound_only: 0 };
        for (const { path, quality } of this.#viewers.values()) counts[path === "relay" ? quality ?? "good" : "good"] += 1;
        for (const { quality } of this.#players) counts[quality] += 1;
        const parts = [`${counts.good} served well`];
        if (counts.weak > 0) parts.push(`${counts.weak} by a weak connection`);
        if (counts.sound_only > 0) parts.push(`${counts.sound_only} with sound only`);
        this.#parts.qualities.hidden = counts.good + counts.weak + counts.sound_only === 0;
        this.#parts.qualities.textContent = parts.join(" · ");
    }
}
