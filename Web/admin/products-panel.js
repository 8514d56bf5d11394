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
    /** What was pressed and isn't done yet. */
    #waiting = 0;
    #last = Promise.resolve();
    #timer;

    /** @param {Object<string, HTMLElement>} parts the studio's elements by name */
    constructor(api, streamId, parts) {
        this.#api = api;
        this.#streamId = streamId;
        this.#parts = parts;
        parts.currency.append(...currencies.map((currency) => element("option", { text: currency, value: currency })));
        this.#price = new PriceField(parts.price, parts.currency, parts["price-shown"]);
        parts["product-form"].addEventListener("submit", (event) => this.#add(event));
        this.refresh();
        this.#timer = setInterval(() => { if (!document.hidden && this.#waiting === 0) this.#compare(); }, interval);
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
        if (products === null || this.#waiting > 0 || JSON.stringify(products) === JSON.stringify(this.#products)) return;
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
            on: { click: () => this.#queue(() => this.#api[product.pinned ? "unpin" : "pin"](this.#streamId, product.id)) },
        });
        const remove = element("button", {
            type: "button", class: "compact quiet", text: "Remove", "aria-label": `Remove ${product.title}`,
            on: { click: () => this.#remove(product) },
        });
        const card = productCard(product, toggle, remove);
        if (product.pinned) card.dataset.pinned = "";
        return card;
    }

    /** One after the other, in the order in which they were pressed. */
    #queue(work) {
        this.#waiting += 1;
        this.#last = this.#last.then(async () => {
            await this.#try(work);
            this.#waiting -= 1;
            if (this.#waiting === 0) await this.refresh();
        });
    }

    async #remove(product) {
        const isMeant = await ask({
            title: "Remove the product?", text: `${product.title} goes from this show for good, and from customers' pages at once.`,
            yes: "Remove it", no: "Keep it",
        });
        if (isMeant) this.#queue(() => this.#api.deleteProduct(this.#streamId, product.id));
    }

    /** The fields are free for the next one at once; what couldn't be added comes back where nothing else was written. */
    #add(event) {
        event.preventDefault();
        const price = this.#price.take();
        if (!price) return;
        const names = ["product-title", "price", "image-url", "shop-url"];
        const written = Object.fromEntries(names.map((name) => [name, this.#parts[name].value]));
        const fields = { title: written["product-title"], price };
        if (written["image-url"]) fields.image_url = written["image-url"];
        if (written["shop-url"]) fields.url = written["shop-url"];
        this.#write(Object.fromEntries(names.map((name) => [name, ""])));
        this.#parts["product-title"].focus();
        this.#queue(async () => {
            try {
                await this.#api.createProduct(this.#streamId, fields);
            } catch (error) {
                if (names.every((name) => this.#parts[name].value === "")) this.#write(written);
                throw error;
            }
        });
    }

    #write(values) {
        for (const [name, value] of Object.entries(values)) this.#parts[name].value = value;
        this.#price.changed();
    }

    async #try(work) {
        try {
            await work();
        } catch (error) {
            toast(error.message);
        }
    }
}
