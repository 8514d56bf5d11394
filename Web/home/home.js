// The shop window: every show, live ones first.
import { API } from "../shared/api.js";
import { byId, element, icon } from "../shared/dom.js";
import { count, dateTime, duration } from "../shared/format.js";

const api = new API();
const refreshEvery = 5000;
/** The lists in the order in which they are shown, each with how far it has been read. */
const sections = ["live", "scheduled", "ended"].map((status) => ({ status, items: [], cursor: null, limit: 20 }));

/** A show that is over is of use once there is something to see again. */
const isWorthShowing = (show) => show.status !== "ended" || (show.recording && show.recording.status !== "failed");

function label(show) {
    if (show.status === "live") return "Live";
    if (show.status === "scheduled") return "Starting soon";
    return show.recording.status === "ready" ? "Replay" : "Replay soon";
}

function facts(show) {
    const fact = (name, number, what) =>
        element("span", { class: "count" }, icon(name), element("span", { text: count(number) }),
            element("span", { class: "visually-hidden", text: what }));
    const time =
        show.status === "scheduled" ? show.scheduled_at && dateTime(show.scheduled_at)
            : show.status === "ended" ? [dateTime(show.started_at ?? show.created_at),
                show.recording?.status === "ready" && duration(show.recording.duration_ms)].filter(Boolean).join(" · ") : null;
    return element("footer", {},
        time ? element("span", { text: time }) : null,
        show.status === "live" ? fact("eye", show.viewer_count, "viewers") : null,
        show.likes > 0 ? fact("heart", show.likes, "likes") : null);
}

function card(show) {
    const state = element("span", { class: "pill", "data-state": show.status, text: label(show) });
    const words = element("div", { class: "stack" },
        element("h2", { text: show.title }),
        show.description ? element("p", { class: "description muted", text: show.description }) : null);
    return element("li", {}, element("a", { class: "show", href: `/watch/${show.id}`, "data-state": show.status },
        element("div", {}, state), words, facts(show)));
}

function render() {
    const shows = sections.flatMap((section) => section.items).filter(isWorthShowing);
    const focused = document.activeElement?.getAttribute?.("href");
    byId("livestreams").replaceChildren(...shows.map(card));
    if (focused) document.querySelector(`a.show[href="${CSS.escape(focused)}"]`)?.focus();
    byId("empty").hidden = shows.length > 0;
    byId("more").hidden = sections.every((section) => section.cursor === null);
}

async function load(section) {
    const items = [];
    let cursor = null;
    do {
        const page = await api.livestreams({
            status: section.status, limit: Math.min(100, section.limit - items.length), ...(cursor ? { cursor } : {}),
        });
        items.push(...page.items);
        cursor = page.next_cursor;
    } while (cursor && items.length < section.limit);
    Object.assign(section, { items, cursor });
}

async function refresh() {
    try {
        await Promise.all(sections.map(load));
        byId("trouble").hidden = true;
        render();
    } catch (error) {
        byId("trouble").textContent = error.message;
        byId("trouble").hidden = false;
    }
}

byId("more").addEventListener("click", () => {
    for (const section of sections) if (section.cursor !== null) section.limit += 20;
    refresh();
});
setInterval(() => { if (!document.hidden) refresh(); }, refreshEvery);
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
refresh();
