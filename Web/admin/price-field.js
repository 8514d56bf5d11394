// The price that is being written: shown as customers will see it, and asked about where it can mean two.
import { element } from "../shared/dom.js";
import { money } from "../shared/format.js";
import { readPrice } from "../shared/price-text.js";

export class PriceField {
    #field;
    #currency;
    #shown;
    /** The reading that somebody has chosen, of what is written now. */
    #chosen = null;

    /**
     * @param {HTMLInputElement} field
     * @param {HTMLSelectElement} currency
     * @param {HTMLElement} shown says what the price will be
     */
    constructor(field, currency, shown) {
        this.#field = field;
        this.#currency = currency;
        this.#shown = shown;
        field.addEventListener("input", () => this.changed());
        currency.addEventListener("change", () => this.changed());
    }

    /** The price, or null after saying what is to be done. */
    take() {
        const { readings, isCertain, trouble } = this.#read();
        if (this.#chosen) return this.#chosen;
        if (isCertain) return readings[0];
        this.#field.setCustomValidity(trouble ?? "Say which price you mean.");
        this.#field.reportValidity();
        return null;
    }

    show() {
        const { readings, isCertain } = this.#read();
        if (readings.length === 0) return this.#shown.replaceChildren();
        if (this.#chosen || isCertain) {
            return this.#shown.replaceChildren("Customers see ", element("b", { text: money(this.#chosen ?? readings[0]) }));
        }
        this.#shown.replaceChildren("Which price is it?", ...readings.map((reading) => element("button", {
            type: "button", class: "compact", text: money(reading), on: { click: () => this.#choose(reading) },
        })));
    }

    #read() {
        return readPrice(this.#field.value, { currency: this.#currency.value, locale: navigator.language });
    }

    #choose(reading) {
        this.#chosen = reading;
        this.#field.setCustomValidity("");
        this.#field.focus();
        this.show();
    }

    /** Something else is written. */
    changed() {
        this.#chosen = null;
        this.#field.setCustomValidity("");
        this.show();
    }
}
