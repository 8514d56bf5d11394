// Tells this browser's recordings from another device's of the same show.

const key = "vitrine.device";
let memory = null;

/** This browser profile's own random name. */
export function deviceId() {
    try {
        const known = localStorage.getItem(key);
        if (/^[\w-]{8,64}$/.test(known ?? "")) return known;
        const made = random();
        localStorage.setItem(key, made);
        return made;
    } catch {
        return memory ??= random();
    }
}

const random = () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
