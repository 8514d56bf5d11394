// Small helpers for the page's tree. Text from people goes in as text, never as markup.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * A new element.
 * @param {string} tag
 * @param {Object} attributes `class`, `text`, `on: {event: listener}`, and any attribute; null and false leave it out.
 * @param {...(Node|string|null)} children
 */
export function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
        if (value === null || value === undefined || value === false) continue;
        if (name === "text") node.textContent = value;
        else if (name === "on") for (const [event, listener] of Object.entries(value)) node.addEventListener(event, listener);
        else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

/** One of the drawings below, as an SVG that screen readers pass over. */
export function icon(name) {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const attributes = {
        viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.8",
        "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true",
    };
    for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("d", drawings[name]);
    svg.append(path);
    return svg;
}

const drawings = {
    heart: "M12 20s-7.5-4.6-9-9.300C1.900 7 4.300 4.500 7.200 4.500c2 0 3.700 1.100 4.800 2.900 1.100-1.800 2.800-2.900 4.800-2.900 2.900 0 5.300 2.500 4.200 6.200C19.500 15.400 12 20 12 20z",
    eye: "M2.500 12S6 5.500 12 5.500 21.500 12 21.500 12 18 18.500 12 18.500 2.500 12 2.500 12zM12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6z",
    soundOn: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4zM15.500 9a4 4 0 0 1 0 6M18 6.500a8 8 0 0 1 0 11",
    soundOff: "M4 9.500v5h3.500L12 18.500v-13L7.500 9.500H4zM16 9.500l5 5M21 9.500l-5 5",
    play: "M7 4.500v15l12-7.500z",
    expand: "M4 9V4h5M20 9V4h-5M4 15v5h5M20 15v5h-5",
    camera: "M3.500 7.500h11v9h-11zM14.500 11l6-3.500v9l-6-3.500",
};

/** Fills the places of a page that hold a drawing: `<span data-icon="heart">`. */
export function placeIcons(root = document) {
    for (const place of root.querySelectorAll("[data-icon]")) place.replaceChildren(icon(place.dataset.icon));
}

/** Says something in passing, at the lower edge and to screen readers. */
export function toast(text) {
    let place = byId("toasts");
    if (!place) {
        place = element("div", { id: "toasts", class: "toasts", role: "alert" });
        document.body.append(place);
    }
    const note = element("div", { class: "toast", text });
    place.append(note);
    setTimeout(() => note.remove(), 5000);
    while (place.children.length > 3) place.firstChild.remove();
}

/** Sets a status element's text, and its accessible name where that is the text itself. */
export function setState(node, text, state) {
    if (node.textContent !== text) node.textContent = text;
    node.setAttribute("aria-label", text);
    if (state) node.dataset.state = state;
}
