// The list of shows, and the form that makes another.
import { ask } from "../shared/ask.js";
import { byId, element, toast } from "../shared/dom.js";
import { dateTime } from "../shared/format.js";
import { PieceStore } from "./piece-store.js";

const labels = { scheduled: "Scheduled", live: "Live", ended: "Ended" };

export class Overview {
    #api;
    #store;
    #limit = 20;
    #opened;
    #isCreating = false;
    /** Shows of which this device still has something that the server doesn't. */
    #kept = new Set();

    constructor(api) {
        this.#api = api;
        this.#store = PieceStore.open().catch(() => null);
        byId("create-form").addEventListener("submit", (event) => this.#create(event));
        byId("more-shows").addEventListener("click", () => {
            this.#limit += 40;
            this.refresh();
        });
        setInterval(() => { if (!document.hidden) this.refresh(); }, 10_000);
    }

    /** Marks the show with this id as the open one. */
    open(id) {
        this.#opened = id;
        this.refresh();
    }

    async refresh() {
        try {
            const items = [];
            let cursor = null;
            do {
                const page = await this.#api.livestreams({ limit: Math.min(100, this.#limit - items.length), ...(cursor ? { cursor } : {}) });
                items.push(...page.items);
                cursor = page.next_cursor;
            } while (cursor && items.length < this.#limit);
            this.#kept = await (await this.#store)?.waiting().catch(() => new Set()) ?? new Set();
            byId("show-list").replaceChildren(...items.map((show) => this.#row(show)));
            byId("no-shows").hidden = items.length > 0;
            byId("more-shows").hidden = cursor === null;
        } catch (error) {
            toast(error.message);
        }
    }

    #row(show) {
        const remove = show.status === "live" ? null : element("button", {
            type: "button", class: "quiet compact", text: "Delete", "aria-label": `Delete ${show.title}`,
            on: { click: () => this.#delete(show) },
        });
        return element("li", { class: "show-row", "data-open": show.id === this.#opened },
            element("a", { href: `#/live/${show.id}`, text: show.title }),
            element("span", { class: "small muted", text: dateTime(show.started_at ?? show.scheduled_at ?? show.created_at) }),
            element("span", { class: "pill", "data-state": show.status, text: labels[show.status] }),
            this.#kept.has(show.id) && show.status === "ended" && show.id !== this.#opened
                ? element("span", { class: "small", text: "A recording waits on this device: open the show." }) : null,
            remove);
    }

    async #delete(show) {
        const isMeant = await ask({
            title: "Delete this show?", text: `"${show.title}" goes with its chat, its products and its recording. This can't be undone.`,
            yes: "Delete it", no: "Keep it",
        });
        if (!isMeant) return;
        try {
            await this.#api.deleteLivestream(show.id);
            if (this.#opened === show.id) location.hash = "#/";
        } catch (error) {
            toast(error.message);
        }
        this.refresh();
    }

    async #create(event) {
        event.preventDefault();
        // A double click is meant once.
        if (this.#isCreating) return;
        this.#isCreating = true;
        const time = byId("scheduled").value;
        try {
            const show = await this.#api.createLivestream({
                title: byId("title").value, description: byId("description").value,
                ...(time ? { scheduled_at: new Date(time).toISOString() } : {}),
            });
            event.target.reset();
            location.hash = `#/live/${show.id}`;
        } catch (error) {
            toast(error.message);
        }
        this.#isCreating = false;
    }
}
