// Where a recording's pieces wait for their upload: the browser's own database, so that a crashed tab loses nothing.

const request = (work) => new Promise((resolve, reject) => {
    work.onsuccess = () => resolve(work.result);
    work.onerror = () => reject(work.error);
});

export class PieceStore {
    #database;

    static async open() {
        const opening = indexedDB.open("vitrine-recordings", 2);
        opening.onupgradeneeded = ({ oldVersion }) => {
            const database = opening.result;
            if (oldVersion < 1) {
                database.createObjectStore("parts", { keyPath: ["stream", "part"] });
                database.createObjectStore("pieces", { keyPath: ["stream", "part", "number"] });
                database.createObjectStore("uploads", { keyPath: "stream" });
            }
            // One upload for each part.
            if (oldVersion < 2) database.createObjectStore("partUploads", { keyPath: ["stream", "part"] });
        };
        const store = new PieceStore();
        store.#database = await request(opening);
        store.#database.onversionchange = () => store.#database.close();
        navigator.storage?.persist?.().catch(() => {});
        return store;
    }

    /** Begins another part of a stream's recording: a run of the recorder. Its number. */
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

    /** The runs of a stream that are kept here, as far as they are: `{run, type, startMs, blob}`. */
    async runs(stream) {
        const pieces = await this.#all("pieces", stream);
        return (await this.#all("parts", stream))
            .map(({ part, mimeType, startMs }) => {
                const blobs = pieces.filter((piece) => piece.part === part).map((piece) => piece.blob);
                return { run: part + 1, type: mimeType, startMs, blob: new Blob(blobs, { type: mimeType }) };
            })
            .filter(({ blob }) => blob.size > 0);
    }

    /** The streams of which something is kept here. */
    async waiting() {
        const parts = await request(this.#database.transaction("parts").objectStore("parts").getAllKeys());
        return new Set(parts.map(([stream]) => stream));
    }

    async uploadAddress(stream, run) {
        const store = this.#database.transaction("partUploads").objectStore("partUploads");
        return (await request(store.get([stream, run - 1]))) ?? null;
    }

    setUploadAddress(stream, run, address, size) {
        return this.#write("partUploads", (store) => store.put({ stream, part: run - 1, address, size }));
    }

    /** Forgets everything of a stream. */
    async remove(stream) {
        const range = IDBKeyRange.bound([stream], [stream, []]);
        for (const name of ["pieces", "parts", "partUploads"]) await this.#write(name, (store) => store.delete(range));
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
