// What the show sells: adding, pinning, taking away.
import { ask } from "../shared/ask.js";
import { element, toast } from "../shared/dom.js";
import { PriceField } from "./price-field.js";
import { productCard } from "../shared/product-card.js";

const currencies = ["EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "DKK", "NOK", "PLN", "CZK"];

/** Another window may sell the same show: so often the list is read anew while somebody looks at it. */
const interval = 10_000;

export class ProductsPanel {
    #api;
    #streamId;
    #parts;
    #products = [];
    #price;
    /** Something was pressed and isn't done yet. */
    #isBusy = false;
    #timer;

    /** @param {Object<string, HTMLElement>} parts the studio's elements by name */
    constructor(api, streamId, parts) {
        this.#api = api;
        this.#streamId = streamId;
        this.#parts = parts;
        parts.currency.append(...currencies.map((currency) => element("option", { text: currency, value: currency })));
        this.#price = new PriceField(parts.price, parts.currency, parts["price-shown"]);
        parts["product-form"].addEventListener("submit", (event) => this.#submit(event));
        this.refresh();
        this.#timer = setInterval(() => { if (!document.hidden && !this.#isBusy) this.#compare(); }, interval);
    }

    close() {
        clearInterval(this.#timer);
    }

    async refresh() {
        await this.#try(async () => { this.#products = await this.#api.products(this.#streamId); });
        this.#render();
    }

    /** What is as before stays untouched: somebody may be about to press it. */
    async #compare() {
        const products = await this.#api.products(this.#streamId).catch(() => null);
        if (products === null || this.#isBusy || JSON.stringify(products) === JSON.stringify(this.#products)) return;
        this.#products = products;
        this.#render();
    }

    #render() {
        this.#parts["product-list"].replaceChildren(...this.#products.map((product) => this.#row(product)));
        this.#parts["no-products"].hidden = this.#products.length > 0;
    }

    #row(product) {
        const toggle = element("button", {
            type: "button", class: product.pinned ? "compact" : "compact primary", text: product.pinned ? "Unpin" : "Pin",
            on: { click: (event) => this.#press(event, () => this.#api[product.pinned ? "unpin" : "pin"](this.#streamId, product.id)) },
        });
        const remove = element("button", {
            type: "button", class: "compact quiet", text: "Remove", "aria-label": `Remove ${product.title}`,
            on: { click: (event) => this.#press(event, () => this.#remove(product)) },
        });
        const card = productCard(product, toggle, remove);
        if (product.pinned) card.dataset.pinned = "";
        return card;
    }

    /** Does what was pressed, once: the second half of a double click meets another button, which nobody meant. */
    async #press(event, work) {
        if (event.detail > 1 || this.#isBusy) return;
        this.#isBusy = true;
        await this.#try(work);
        await this.refresh();
        this.#isBusy = false;
    }

    async #remove(product) {
        const isMeant = await ask({
            title: "Remove the product?", text: `${product.title} goes from this show for good, and from customers' pages at once.`,
            yes: "Remove it", no: "Keep it",
        });
        if (isMeant) await this.#api.deleteProduct(this.#streamId, product.id);
    }

    async #submit(event) {
        event.preventDefault();
        if (this.#isBusy) return;
        this.#isBusy = true;
        await this.#add(event);
        this.#isBusy = false;
    }

    async #add(event) {
        const parts = this.#parts;
        const price = this.#price.take();
        if (!price) return;
        const fields = { title: parts["product-title"].value, price };
        if (parts["image-url"].value) fields.image_url = parts["image-url"].value;
        if (parts["shop-url"].value) fields.url = parts["shop-url"].value;
        const isAdded = await this.#try(() => this.#api.createProduct(this.#streamId, fields));
        if (!isAdded) return;
        const currency = parts.currency.value;
        event.target.reset();
        parts.currency.value = currency;
        this.#price.show();
        parts["product-title"].focus();
        await this.refresh();
    }

    async #try(work) {
        try {
            await work();
            return true;
        } catch (error) {
            toast(error.message);
            return false;
        }
    }
}
