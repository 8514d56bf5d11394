// A double click or a double tap is meant for what was pressed first. Where that is gone or has moved, its second half
// would press what has come in its place: a microphone, another row's "Remove", a question's "Yes".

const patience = 400;
const reach = 30;

/** Swallows the second half of a double press that meets something else than the first did. */
export function guardSecondTaps(root = document) {
    let last = null;
    root.addEventListener("click", (event) => {
        if (event.detail === 0) return;  // by keyboard, or by a script
        const target = event.target.closest("button, a, input, select, summary, label") ?? event.target;
        const isSecond = event.detail > 1 || (event.pointerType === "touch" && last !== null && event.timeStamp - last.time < patience);
        const isNear = last !== null && Math.hypot(event.clientX - last.x, event.clientY - last.y) < reach;
        const isMeant = !isSecond || !isNear || target === last.target;
        if (isMeant) {
            last = { target, time: event.timeStamp, x: event.clientX, y: event.clientY };
        } else {
            event.preventDefault();
            event.stopImmediatePropagation();
        }
    }, { capture: true });
}
