// A product as people see it.
import { element } from "./dom.js";
import { money } from "./format.js";

/** An http or https address, or null: nothing that could run. */
export function webAddress(text) {
    try {
        const url = new URL(text);
        return ["http:", "https:"].includes(url.protocol) ? url.href : null;
    } catch {
        return null;
    }
}

function picture(product) {
    const placeholder = () => element("div", { class: "product-image", "aria-hidden": "true", text: (product.title.trim()[0] ?? "·").toUpperCase() });
    const address = product.image_url && webAddress(product.image_url);
    if (!address) return placeholder();
    const image = element("img", { class: "product-image", src: address, alt: "", loading: "lazy", referrerpolicy: "no-referrer" });
    image.addEventListener("error", () => image.replaceWith(placeholder()), { once: true });
    return image;
}

/** A list item with the product's picture, title and price, and `actions` beside them. */
export function productCard(product, ...actions) {
    const address = product.url && webAddress(product.url);
    const link = address && element("a", {
        class: "button", href: address, target: "_blank", rel: "noopener noreferrer nofollow", text: "Buy",
        "aria-label": `Buy ${product.title}`,
    });
    return element("li", { class: "product", "aria-label": product.title, "data-product": product.id },
        picture(product),
        element("div", {}, element("h3", { text: product.title }), element("p", { class: "price", text: money(product.price) })),
        element("div", { class: "row" }, link || null, ...actions));
}
