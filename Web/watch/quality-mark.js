// What the relay can send over this viewer's link, in words, and what he can do about it.

const words = {
    good: { text: "Good", advice: "" },
    weak: { text: "Weak connection", advice: "Your connection is slow: the picture is less smooth for now." },
    sound_only: { text: "Sound only", advice: "Your connection carries only the sound now. The picture comes back by itself." },
};

export class QualityMark {
    #pill;
    #status;
    #advice;

    /** @param {{ pill: HTMLElement, status: HTMLElement, advice: HTMLElement }} parts */
    constructor({ pill, status, advice }) {
        this.#pill = pill;
        this.#status = status;
        this.#advice = advice;
    }

    /** @param {"good" | "weak" | "sound_only" | null} state null: there is no live picture to speak of */
    show(state) {
        const said = words[state];
        this.#pill.hidden = !said;
        this.#pill.dataset.quality = state ?? "";
        this.#status.textContent = said?.text ?? "";
        this.#advice.textContent = said?.advice ?? "";
        this.#advice.hidden = !said?.advice;
    }
}
