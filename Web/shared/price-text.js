// Prices as people write them, in their own form, and what they can mean. Pure: text in, readings out.

/** How many digits a currency has behind the mark (ISO 4217), or null for one that the browser doesn't know. */
export function currencyDigits(currency) {
    try {
        if (Intl.supportedValuesOf && !Intl.supportedValuesOf("currency").includes(currency)) return null;
        return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
    } catch {
        return null;
    }
}

/** The mark before the decimals where people read this language. */
function decimalMark(locale) {
    return new Intl.NumberFormat(locale).formatToParts(1.5).find(({ type }) => type === "decimal")?.value ?? ".";
}

const symbols = {
    "€": ["EUR"], "£": ["GBP"], "$": ["USD", "CAD", "AUD"], "¥": ["JPY"], "₹": ["INR"], "₩": ["KRW"], "₺": ["TRY"], "₽": ["RUB"], "₪": ["ILS"],
    "₫": ["VND"], "₴": ["UAH"], "฿": ["THB"], "zł": ["PLN"], "kč": ["CZK"], "kr": ["SEK", "DKK", "NOK"], "kr.": ["DKK", "SEK", "NOK"], "fr.": ["CHF"],
    "r$": ["BRL"], "us$": ["USD"], "ca$": ["CAD"], "a$": ["AUD"], "ft": ["HUF"],
};
const longest = 9;
const blanks = /[\s\u00a0\u2007\u2009\u202f]/u;

/** Digits of all scripts as 0 to 9, without what can't be seen. */
function plain(text) {
    return text.normalize("NFKC")
        .replace(/[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/gu, "")
        .replace(/\p{Nd}/gu, (digit) => String(digitValue(digit)))
        .replace(/[’‘´`]/gu, "'").replace(/[−–—]/gu, "-").trim();
}

/** Each script's digits lie in a row of ten. */
function digitValue(digit) {
    const code = digit.codePointAt(0);
    let zero = code;
    while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero -= 1;
    return (code - zero) % 10;
}

/** The currency that stands before or behind the number, and the rest. */
function splitCurrency(text, chosen) {
    // A full stop behind a letter ends a word ("Fr.", "kr."), and is none of the number's.
    const found = /^(?<before>(?:[^\d.,'-]|(?<=\p{L})\.)*?)\s*(?<number>-?[\d].*?|[.,]\d.*?)\s*(?<after>(?:[^\d.,'-]|(?<=\p{L})\.)*)$/u.exec(text);
    if (!found) return null;
    const { before, number, after } = found.groups;
    const word = (before.trim() || after.trim()).toLowerCase();
    if (before.trim() && after.trim()) return null;
    if (!word) return { number, currency: chosen };
    const named = symbols[word];
    if (named) return { number, currency: named.includes(chosen) ? chosen : named[0] };
    const code = word.toUpperCase();
    return /^[A-Z]{3}$/.test(code) && currencyDigits(code) !== null ? { number, currency: code } : null;
}

/** Whether these are the digits of one number in groups: by three, or by two as in India behind the first three. */
function isGrouped(groups) {
    if (groups.length < 2 || !/^\d{1,3}$/.test(groups[0]) || groups[0].startsWith("0")) return false;
    if (!/^\d{3}$/.test(groups.at(-1))) return false;
    const middle = groups.slice(1, -1);
    return middle.every((group) => /^\d{3}$/.test(group)) || (/^\d{1,2}$/.test(groups[0]) && middle.every((group) => /^\d{2}$/.test(group)));
}

/** One reading: the whole and the decimals as they will be sent. */
function reading(whole, decimals, digits) {
    const canonical = whole.replace(/^0+(?=\d)/, "") || "0";
    if (canonical.length > longest || decimals.length > digits) return null;
    return digits === 0 ? canonical : `${canonical}.${decimals.padEnd(digits, "0")}`;
}

/** All that a number may mean, the likeliest first. */
function readings(number, digits, mark) {
    // "19,-" and "19.–" are whole.
    const text = number.replace(/[.,]-+$/, "");
    if (!/^[\d.,'\u066b\u066c\s]+$/u.test(text)) return [];
    const parts = text.replace(/\u066b/gu, "D").replace(/\u066c/gu, "'").replace(new RegExp(blanks, "gu"), "'");
    const firm = parts.split("D");
    if (firm.length > 2) return [];
    if (firm.length === 2) return [whole(firm[0], firm[1], digits)].filter(Boolean);
    const marks = [...new Set(parts.replace(/[\d']/g, ""))];
    if (marks.length > 1) {
        const last = parts[Math.max(parts.lastIndexOf("."), parts.lastIndexOf(","))];
        const [before, after, ...more] = parts.split(last);
        if (more.length > 0 || after.includes("'")) return [];
        return [whole(before, after, digits)].filter(Boolean);
    }
    if (marks.length === 0) return [whole(parts, "", digits)].filter(Boolean);
    const pieces = parts.split(marks[0]);
    const grouped = isGrouped(pieces) ? reading(pieces.join(""), "", digits) : null;
    const decimal = pieces.length === 2 ? whole(pieces[0], pieces[1], digits) : null;
    const both = marks[0] === mark ? [decimal, grouped] : [grouped, decimal];
    return both.filter(Boolean);
}

/** A whole in groups or not, and its decimals. */
function whole(before, after, digits) {
    const groups = before.split(/[.,']/);
    if (groups.length > 1 && !isGrouped(groups)) return null;
    const separators = new Set(before.replace(/\d/g, ""));
    if (separators.size > 1 || !/^\d*$/.test(after) || (before === "" && after === "")) return null;
    return reading(groups.join("") || "0", after, digits);
}

/**
 * What a price that somebody wrote can mean.
 * @param {string} text
 * @param {{currency: string, locale?: string}} context the currency that is chosen, the language that people read
 * @returns {{readings: {amount: string, currency: string}[], isCertain: boolean, trouble: ?string}} `isCertain` when there
 * is one reading that the language's own marks allow; otherwise somebody has to say which one is meant
 */
export function readPrice(text, { currency, locale }) {
    const refuse = (trouble) => ({ readings: [], isCertain: false, trouble });
    const cleaned = plain(text);
    if (cleaned === "") return refuse("Write a price, such as 19.90.");
    const split = splitCurrency(cleaned, currency);
    if (!split) return refuse("A price is a number like 19.90.");
    if (split.number.startsWith("-")) return refuse("A price isn't below nothing.");
    const digits = currencyDigits(split.currency);
    if (digits === null) return refuse(`${split.currency} is no currency that is known here.`);
    const mark = decimalMark(locale);
    const found = readings(split.number, digits, mark);
    if (found.length === 0 && new RegExp(`\\d{${longest + 1}}`).test(split.number.replace(/[.,'\s]/g, ""))) {
        return refuse(`A price has up to ${longest} digits before the mark.`);
    }
    if (found.length === 0) {
        return refuse(digits === 0 ? `A price in ${split.currency} is a whole number like 1990.` : `A price is a number like 19.90, with up to ${digits} digits behind the mark.`);
    }
    // Grouped by what is the decimal mark here: somebody may have meant another price.
    const pieces = split.number.split(mark);
    const isOdd = digits > 0 && found.length === 1 && pieces.length === 2 && /^\d{3}$/.test(pieces[1]) && pieces[1].length > digits;
    return {
        readings: found.map((amount) => ({ amount, currency: split.currency })),
        isCertain: found.length === 1 && !isOdd, trouble: null,
    };
}
