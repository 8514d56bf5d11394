// Where a recording's pieces wait for their upload: the browser's own database, so that a crashed tab loses nothing.

const request = (work) => new Promise((resolve, reject) => {
    work.onsuccess = () => resolve(work.result);
    work.onerror = () => reject(work.error);
});

export class PieceStore {
    #database;

    static async open() {
        const opening = indexedDB.open("vitrine-recordings", 1);
        opening.onupgradeneeded = () => {
            opening.result.createObjectStore("parts", { keyPath: ["stream", "part"] });
            opening.result.createObjectStore("pieces", { keyPath: ["stream", "part", "number"] });
            opening.result.createObjectStore("uploads", { keyPath: "stream" });
        };
        const store = new PieceStore();
        store.#database = await request(opening);
        navigator.storage?.persist?.().catch(() => {});
        return store;
    }

    /** Begins another part of a stream's recording. Its number. */
    async beginPart(stream, { mimeType, startMs }) {
        const parts = await this.#all("parts", stream);
        const part = parts.length ? parts.at(-1).part + 1 : 0;
        await this.#write("parts", (store) => store.put({ stream, part, mimeType, startMs }));
        return part;
    }

    /** Returns when the piece is kept. */
    addPiece(stream, part, number, blob) {
        return this.#write("pieces", (store) => store.put({ stream, part, number, blob }));
    }

    /** The whole recording as far as it is kept, or null: its bytes, its type, and where its parts begin. */
    async recording(stream) {
        const pieces = await this.#all("pieces", stream);
        const parts = (await this.#all("parts", stream))
            .map(({ part, mimeType, startMs }) => {
                const blobs = pieces.filter((piece) => piece.part === part).map((piece) => piece.blob);
                return { mimeType, startMs, blobs, size: blobs.reduce((sum, blob) => sum + blob.size, 0) };
            })
            .filter((part) => part.size > 0);
        if (parts.length === 0) return null;
        const type = parts[0].mimeType;
        const alike = parts.filter((part) => part.mimeType === type);
        return { type, blob: new Blob(alike.flatMap((part) => part.blobs), { type }), parts: alike };
    }

    async uploadAddress(stream) {
        const found = await request(this.#database.transaction("uploads").objectStore("uploads").get(stream));
        return found ?? null;
    }

    setUploadAddress(stream, address, size) {
        return this.#write("uploads", (store) => store.put({ stream, address, size }));
    }

    /** Forgets everything of a stream. */
    async remove(stream) {
        const range = IDBKeyRange.bound([stream], [stream, []]);
        await this.#write("pieces", (store) => store.delete(range));
        await this.#write("parts", (store) => store.delete(range));
        await this.#write("uploads", (store) => store.delete(stream));
    }

    #all(name, stream) {
        const range = IDBKeyRange.bound([stream], [stream, []]);
        return request(this.#database.transaction(name).objectStore(name).getAll(range));
    }

    #write(name, work) {
        return new Promise((resolve, reject) => {
            const transaction = this.#database.transaction(name, "readwrite", { durability: "strict" });
            work(transaction.objectStore(name));
            transaction.oncomplete = () => resolve();
            transaction.onerror = transaction.onabort = () => reject(transaction.error);
        });
    }
}
