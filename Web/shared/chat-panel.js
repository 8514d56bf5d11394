// The chat of a show: what is said, one's own lines until the server has them, and the field for the next one.
import { ChatLog } from "./chat-log.js";
import { toast } from "./dom.js";
import { Outbox } from "./outbox.js";
import { OwnLines } from "./own-lines.js";

export class ChatPanel {
    #log;
    #outbox;
    #ownLines;

    /**
     * @param {{list: HTMLElement, form: HTMLFormElement, field: HTMLInputElement}} parts
     * @param {Signaling} signaling
     * @param {string} streamId
     * @param {{ownName: function(): string, onRemove?: function(string)}} who one's own name as others see it; asked to
     * remove a message, where that may be done here
     */
    constructor({ list, form, field }, signaling, streamId, { ownName, onRemove = null }) {
        this.#log = new ChatLog(list, onRemove);
        this.#outbox = new Outbox(signaling, streamId);
        this.#ownLines = new OwnLines(list, this.#outbox, ownName);
        signaling.addEventListener("joined", ({ detail: { stream, chat } }) => {
            // A replay brings what was said at its time.
            for (const message of chat) if (stream.status !== "ended" || onRemove) this.add(message); else this.#ownLines.saw(message);
        });
        signaling.addEventListener("chat_message", ({ detail }) => this.add(detail));
        signaling.addEventListener("chat_removed", ({ detail }) => this.#log.remove(detail.id));
        this.#outbox.addEventListener("refused", ({ detail: { line, message } }) => {
            if (field.value === "") field.value = line.text;
            toast(message);
        });
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            const text = field.value.trim();
            if (!text) return;
            this.#outbox.say(text);
            field.value = "";
        });
    }

    add(message) {
        this.#log.add(message);
        this.#ownLines.saw(message);
    }

    clear() {
        this.#log.clear();
    }
}
