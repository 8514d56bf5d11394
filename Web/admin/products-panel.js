// What the show sells: adding, pinning, taking away.
import { element, toast } from "../shared/dom.js";
import { PriceField } from "./price-field.js";
import { productCard } from "../shared/product-card.js";

const currencies = ["EUR", "USD", "GBP", "CHF", "JPY", "CAD", "AUD", "SEK", "DKK", "NOK", "PLN", "CZK"];

export class ProductsPanel {
    #api;
    #streamId;
    #parts;
    #products = [];
    #price;

    /** @param {Object<string, HTMLElement>} parts the studio's elements by name */
    constructor(api, streamId, parts) {
        this.#api = api;
        this.#streamId = streamId;
        this.#parts = parts;
        parts.currency.append(...currencies.map((currency) => element("option", { text: currency, value: currency })));
        this.#price = new PriceField(parts.price, parts.currency, parts["price-shown"]);
        parts["product-form"].addEventListener("submit", (event) => this.#add(event));
        this.refresh();
    }

    async refresh() {
        await this.#try(async () => { this.#products = await this.#api.products(this.#streamId); });
        this.#render();
    }

    #render() {
        this.#parts["product-list"].replaceChildren(...this.#products.map((product) => this.#row(product)));
        this.#parts["no-products"].hidden = this.#products.length > 0;
    }

    #row(product) {
        const toggle = element("button", {
            type: "button", class: product.pinned ? "compact" : "compact primary", text: product.pinned ? "Unpin" : "Pin",
            on: { click: () => this.#change(product, product.pinned ? "unpin" : "pin") },
        });
        const remove = element("button", {
            type: "button", class: "compact quiet", text: "Remove", "aria-label": `Remove ${product.title}`,
            on: { click: () => this.#change(product, "deleteProduct") },
        });
        const card = productCard(product, toggle, remove);
        if (product.pinned) card.dataset.pinned = "";
        return card;
    }

    async #change(product, action) {
        await this.#try(() => this.#api[action](this.#streamId, product.id));
        await this.refresh();
    }

    async #add(event) {
        event.preventDefault();
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
