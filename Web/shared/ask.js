// A question that must be answered before anything happens.
import { element } from "./dom.js";

/**
 * Asks in a modal dialog. True for `yes`; Escape and `no`, where the focus begins, are the safe answer.
 * @param {{title: string, text: string, yes: string, no: string}} words
 */
export function ask({ title, text, yes, no }) {
    const safe = element("button", { value: "", text: no, autofocus: true });
    const dialog = element("dialog", { "aria-label": title },
        element("form", { class: "stack", method: "dialog" },
            element("h2", { text: title }),
            element("p", { class: "break", text }),
            element("div", { class: "row" }, safe, element("button", { value: "yes", class: "danger", text: yes }))));
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        });
        document.body.append(dialog);
        dialog.showModal();
        safe.focus();
    });
}
