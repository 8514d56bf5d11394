// The REST API (docs/protocol.md, part 2).

/** An answer that says no: `status`, and a message for people. */
export class APIError extends Error {
    constructor(status, problem) {
        super(problem?.detail ?? "The server did not answer as expected.");
        this.status = status;
    }
}

export class API {
    /** @param {string|null} token the admin's, or null */
    constructor(token = null) {
        this.token = token;
    }

    /** Headers that say who asks. */
    get authorization() {
        return this.token ? { Authorization: `Bearer ${this.token}` } : {};
    }

    async #call(method, path, body) {
        const headers = { ...this.authorization };
        if (body !== undefined) headers["Content-Type"] = "application/json";
        let response;
        try {
            response = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
        } catch {
            throw new APIError(0, { detail: "The server can't be reached. Check the connection and try again." });
        }
        if (!response.ok) throw new APIError(response.status, await response.json().catch(() => null));
        return response.status === 204 ? null : response.json();
    }

    livestreams(query = {}) { return this.#call("GET", `/api/livestreams?${new URLSearchParams(query)}`); }
    livestream(id) { return this.#call("GET", `/api/livestreams/${id}`); }
    relayReport(id) { return this.#call("GET", `/api/livestreams/${id}/relay`); }
    createLivestream(fields) { return this.#call("POST", "/api/livestreams", fields); }
    changeLivestream(id, fields) { return this.#call("PATCH", `/api/livestreams/${id}`, fields); }
    finishRecording(id) { return this.#call("POST", `/api/livestreams/${id}/recording/finish`); }
    deleteLivestream(id) { return this.#call("DELETE", `/api/livestreams/${id}`); }
    chat(id, query) { return this.#call("GET", `/api/livestreams/${id}/chat?${new URLSearchParams(query)}`); }
    likes(id, query) { return this.#call("GET", `/api/livestreams/${id}/likes?${new URLSearchParams(query)}`); }
    removeMessage(id, message) { return this.#call("DELETE", `/api/livestreams/${id}/chat/${message}`); }
    createProduct(id, fields) { return this.#call("POST", `/api/livestreams/${id}/products`, fields); }
    deleteProduct(id, product) { return this.#call("DELETE", `/api/livestreams/${id}/products/${product}`); }
    pin(id, product) { return this.#call("PUT", `/api/livestreams/${id}/products/${product}/pin`); }
    unpin(id, product) { return this.#call("DELETE", `/api/livestreams/${id}/products/${product}/pin`); }

    /** Every product, however many parts the list has. */
    products(id) { return this.all((query) => this.#call("GET", `/api/livestreams/${id}/products?${new URLSearchParams(query)}`)); }

    /** Every item of a list: `part` fetches one part of it. */
    async all(part) {
        const items = [];
        let cursor = null;
        do {
            const page = await part({ limit: 100, ...(cursor ? { cursor } : {}) });
            items.push(...page.items);
            cursor = page.next_cursor;
        } while (cursor);
        return items;
    }
}
