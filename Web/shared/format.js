// Numbers, money and times as the reader's language writes them.

const whole = new Intl.NumberFormat();

export const count = (number) => whole.format(number);

/** @param {{amount: string, currency: string}} price */
export function money({ amount, currency }) {
    try {
        // The text itself, so that no digit is lost on the way.
        return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(amount);
    } catch {
        return `${amount} ${currency}`;
    }
}

export function dateTime(text) {
    return new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format(new Date(text));
}

/** `1:02:03` or `2:03`. */
export function duration(milliseconds) {
    const seconds = Math.floor(milliseconds / 1000);
    const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
    const shown = parts[0] > 0 ? parts : parts.slice(1);
    return shown.map((part, index) => (index ? String(part).padStart(2, "0") : String(part))).join(":");
}
