// What a shop gives its customers to watch with, where the operator asks for that: it comes in the address's fragment,
// is taken out of it at once, and stays in this tab.

const key = (streamId) => `vitrine.viewer-token.${streamId}`;

/** Dispatches `change` when the shop's page has put another one into the address. */
export class ViewerToken extends EventTarget {
    #streamId;

    constructor(streamId) {
        super();
        this.#streamId = streamId;
        this.value = this.#take() ?? sessionStorage.getItem(key(streamId));
        addEventListener("hashchange", () => {
            const value = this.#take();
            if (value === null) return;
            this.value = value;
            this.dispatchEvent(new Event("change"));
        });
    }

    #take() {
        const fields = new URLSearchParams(location.hash.slice(1));
        const value = fields.get("viewer_token") ?? fields.get("token");
        if (!value) return null;
        try {
            sessionStorage.setItem(key(this.#streamId), value);
        } catch {
            // Then it holds as long as this page.
        }
        history.replaceState(null, "", location.pathname + location.search);
        return value;
    }
}
