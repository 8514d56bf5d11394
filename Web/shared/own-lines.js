// One's own lines of chat that others don't see yet, below what has been said.
import { element } from "./dom.js";

const labels = { sending: "Sending", unsent: "Not sent", sent: "" };

export class OwnLines {
    #list;
    #outbox;
    #rows = new Map();

    /**
     * @param {HTMLElement} list the chat's log
     * @param {Outbox} outbox
     * @param {function(): string} name one's own name, as others see it
     */
    constructor(list, outbox, name) {
        this.#list = list;
        this.#outbox = outbox;
        this.ownName = name;
        outbox.addEventListener("change", ({ detail }) => this.#show(detail));
        outbox.addEventListener("refused", ({ detail }) => this.#remove(detail.line.name));
        for (const line of outbox.lines) this.#show(line);
    }

    /** The log shows this message now: what stood for it goes. */
    saw(message) {
        for (const [name, row] of this.#rows) {
            if (row.id === message.id || (row.id === null && row.text === message.text && message.name === this.ownName())) {
                this.#remove(name);
                return;
            }
        }
    }

    #show(line) {
        if (line.state === "sent") return this.#sent(line);
        const row = this.#rows.get(line.name) ?? this.#add(line);
        row.status.textContent = labels[line.state];
        row.again.hidden = line.state !== "unsent";
    }

    /** It is in the store, and comes with what everybody hears, if it hasn't. */
    #sent(line) {
        const row = this.#rows.get(line.name);
        if (!row) return;
        row.id = line.id;
        row.status.textContent = labels.sent;
        row.again.hidden = true;
        setTimeout(() => this.#remove(line.name), 2000);
    }

    #add(line) {
        const status = element("span", { role: "status", class: "own-state" });
        const again = element("button", { type: "button", class: "compact", text: "Try again", on: { click: () => this.#outbox.tryAgain(line.name) } });
        const text = element("p", { dir: "auto" }, element("span", { text: line.text }));
        const row = { id: null, text: line.text, status, again, node: element("div", { class: "chat-row own-line" }, text, status, again) };
        this.#rows.set(line.name, row);
        this.#list.append(row.node);
        this.#list.scrollTop = this.#list.scrollHeight;
        return row;
    }

    #remove(name) {
        this.#rows.get(name)?.node.remove();
        this.#rows.delete(name);
    }
}
