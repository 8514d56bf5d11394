// A log of chat messages that keeps to its end while the reader is there, and stays put while they read back.
import { element } from "./dom.js";

const mostRows = 500;

export class ChatLog {
    #list;
    #rows = new Map();
    #onRemove;

    /**
     * @param {HTMLElement} list an element with role "log"
     * @param {?function(string): void} onRemove asked to remove the message with this id; null: nobody may remove
     */
    constructor(list, onRemove = null) {
        this.#list = list;
        this.#onRemove = onRemove;
    }

    add(message) {
        if (this.#rows.has(message.id)) return;
        const isAtEnd = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < 40;
        const row = this.#row(message);
        this.#rows.set(message.id, row);
        this.#list.append(row);
        if (this.#rows.size > mostRows) this.remove(this.#rows.keys().next().value);
        if (isAtEnd) this.#list.scrollTop = this.#list.scrollHeight;
    }

    remove(id) {
        this.#rows.get(id)?.remove();
        this.#rows.delete(id);
    }

    clear() {
        this.#rows.clear();
        this.#list.replaceChildren();
    }

    #row(message) {
        const remove = this.#onRemove && element("button", {
            type: "button", class: "quiet", text: "Remove", "aria-label": `Remove the message of ${message.name}`,
            on: { click: () => this.#onRemove(message.id) },
        });
        // The host is told by a word, not by colour alone.
        const mark = message.role === "admin" && message.name !== "Host" ? element("span", { class: "host-mark", text: "Host" }) : null;
        // Each in the direction of its own script.
        const text = element("p", {}, element("b", { dir: "auto", text: message.name }), mark, element("span", { dir: "auto", text: message.text }));
        return element("div", { class: "chat-row", "data-role": message.role }, text, remove);
    }
}
