// Who is watching, which way, and how well.
import { element } from "../shared/dom.js";

const refreshEvery = 2000;
const dash = "–";

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
        this.#render();
    }

    /** The relay measures its own viewers. */
    async #askRelay() {
        const { viewers } = await this.#relayed().catch(() => ({ viewers: [] }));
        for (const each of viewers) {
            const viewer = this.#viewers.get(each.viewer_id);
            if (viewer?.path !== "relay") continue;
            const [time, before] = [performance.now(), viewer.figures];
            const rate = before ? Math.max(0, each.bytes_sent - before.bytes) * 8 / (time - before.time) : null;
            const roundTrip = each.round_trip_ms === undefined ? null : each.round_trip_ms / 1000;
            viewer.figures = { bytes: each.bytes_sent, time, rate, loss: each.loss, roundTrip };
        }
    }

    #render() {
        const connections = this.#broadcaster.connections;
        const rows = [...this.#viewers].map(([id, viewer]) => {
            const { rate, loss, roundTrip } = viewer.figures ?? {};
            const cells = [
                id.slice(0, 6), viewer.path, (viewer.path === "direct" && connections.get(id)?.connectionState) || viewer.reason,
                rate > 0 ? `${Math.round(rate)} kb/s` : dash,
                roundTrip === null || roundTrip === undefined ? dash : `${Math.round(roundTrip * 1000)} ms`,
                loss === null || loss === undefined ? dash : `${(loss * 100).toFixed(1)} %`,
            ];
            return element("tr", {}, ...cells.map((text) => element("td", { text })));
        });
        this.#parts["viewer-rows"].replaceChildren(...rows);
        this.#parts["no-viewers"].hidden = rows.length > 0;
    }
}
