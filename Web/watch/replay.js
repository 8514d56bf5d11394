// The show again: chat, likes and products appear at their times of the recording's clock.

const lookBack = 60_000;
const lookAhead = 20_000;

/** After something has failed: not at once again, later each time, and not in step with other pages. */
class Patience {
    #failures = 0;
    #until = 0;

    get isOn() { return performance.now() < this.#until; }

    begin() {
        this.#failures += 1;
        this.#until = performance.now() + Math.min(60_000, 1000 * 2 ** this.#failures) * (0.5 + Math.random());
    }

    end() {
        this.#failures = 0;
        this.#until = 0;
    }
}

/** Chat messages around the playing time, fetched a stretch at a time. */
class ChatTimeline {
    #fetch;
    #waiting = [];
    #loadedTo = 0;
    #generation = 0;
    #isLoading = false;
    #patience = new Patience();

    /** @param {function(number, number): Promise<Array>} fetch the messages of a span, both ends belonging to it */
    constructor(fetch) {
        this.#fetch = fetch;
    }

    reset(time) {
        this.#generation += 1;
        this.#waiting = [];
        this.#loadedTo = Math.max(0, time - lookBack);
        this.#isLoading = false;
        this.#patience.end();
    }

    /** What was said up to `time` and has not been handed out yet. */
    due(time) {
        this.#load(time);
        const index = this.#waiting.findIndex((message) => message.at_ms > time);
        return this.#waiting.splice(0, index < 0 ? this.#waiting.length : index);
    }

    async #load(time) {
        if (this.#isLoading || this.#patience.isOn || this.#loadedTo > time + lookAhead / 2) return;
        this.#isLoading = true;
        const generation = this.#generation;
        const [from, to] = [this.#loadedTo, Math.round(time + lookAhead)];
        try {
            const messages = await this.#fetch(from, to);
            if (generation !== this.#generation) return;
            this.#waiting.push(...messages);
            this.#loadedTo = to + 1;
            this.#patience.end();
        } catch {
            this.#patience.begin();
        } finally {
            if (generation === this.#generation) this.#isLoading = false;
        }
    }
}

/** Likes counted up from the beginning, fetched as far as the playing time. */
class LikeTimeline {
    #fetchPart;
    #batches = [];
    #cursor = null;
    #isWhole = false;
    #isLoading = false;
    #patience = new Patience();

    /** @param {function(?string): Promise<{items: Array, next_cursor: ?string}>} fetchPart one part of all likes */
    constructor(fetchPart) {
        this.#fetchPart = fetchPart;
    }

    at(time) {
        this.#load(time);
        let sum = 0;
        for (const batch of this.#batches) {
            if (batch.at_ms > time) break;
            sum += batch.count;
        }
        return sum;
    }

    async #load(time) {
        if (this.#isLoading || this.#patience.isOn) return;
        this.#isLoading = true;
        try {
            while (!this.#isWhole && (this.#batches.at(-1)?.at_ms ?? -1) < time + lookAhead) {
                const page = await this.#fetchPart(this.#cursor);
                this.#batches.push(...page.items);
                this.#cursor = page.next_cursor;
                this.#isWhole = this.#cursor === null;
            }
            this.#patience.end();
        } catch {
            this.#patience.begin();
        } finally {
            this.#isLoading = false;
        }
    }
}

const isPinnedAt = (time) => (product) =>
    product.pins.some((pin) => pin.at_ms <= time && (pin.until_ms === null || time < pin.until_ms));

export class Replay {
    #video;
    #api;
    #record;
    #on;
    #chat;
    #likes;
    #products = [];
    #shownProducts = null;
    #lastTime = -1;
    #timer = null;

    /**
     * @param {HTMLVideoElement} video
     * @param {API} api
     * @param {Object} record the livestream's, with a recording that is ready
     * @param {{message: function, clearChat: function, likes: function, products: function}} on what has come up
     */
    constructor(video, api, record, on) {
        this.#video = video;
        this.#api = api;
        this.#record = record;
        this.#on = on;
        this.#chat = new ChatTimeline((from, to) =>
            api.all((query) => api.chat(record.id, { ...query, from_ms: from, to_ms: to })));
        this.#likes = new LikeTimeline((cursor) => api.likes(record.id, { limit: 100, ...(cursor ? { cursor } : {}) }));
    }

    async start() {
        this.#video.srcObject = null;
        this.#video.controls = true;
        this.#video.autoplay = false;
        this.#video.src = this.#record.recording.url;
        this.#video.addEventListener("seeking", () => this.#tick());
        this.#timer = setInterval(() => this.#tick(), 250);
        this.#products = await this.#api.products(this.#record.id);
        this.#shownProducts = null;
        this.#tick();
    }

    stop() {
        clearInterval(this.#timer);
    }

    #tick() {
        const time = this.#video.currentTime * 1000;
        if (time < this.#lastTime - 50 || time > this.#lastTime + 5000) {
            this.#on.clearChat();
            this.#chat.reset(time);
        }
        this.#lastTime = time;
        for (const message of this.#chat.due(time)) this.#on.message(message);
        this.#on.likes(this.#likes.at(time));
        const products = this.#products.filter(isPinnedAt(time));
        const key = products.map((product) => product.id).join();
        if (key !== this.#shownProducts) {
            this.#shownProducts = key;
            this.#on.products(products);
        }
    }
}
