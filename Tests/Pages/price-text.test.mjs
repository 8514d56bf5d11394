// Prices as people of several languages write them.
import assert from "node:assert/strict";
import test from "node:test";
import { currencyDigits, readPrice } from "../../Web/shared/price-text.js";

const read = (text, currency = "EUR", locale = "en-US") => readPrice(text, { currency, locale });
const amounts = (...words) => read(...words).readings.map(({ amount, currency }) => `${amount} ${currency}`);

/** What is written, in which currency and language, and what it means for certain. */
const certain = [
    ["19.90", "EUR", "en-US", "19.90 EUR"], ["19,90", "EUR", "de-DE", "19.90 EUR"], ["19,90", "EUR", "en-US", "19.90 EUR"],
    ["19.9", "EUR", "en-US", "19.90 EUR"], ["19", "EUR", "en-US", "19.00 EUR"], ["0", "EUR", "en-US", "0.00 EUR"], [".5", "USD", "en-US", "0.50 USD"],
    ["1,299", "USD", "en-US", "1299.00 USD"], ["1,299.00", "USD", "en-US", "1299.00 USD"], ["1.299,00", "EUR", "de-DE", "1299.00 EUR"],
    ["1.299", "EUR", "de-DE", "1299.00 EUR"], ["1 299,00", "EUR", "fr-FR", "1299.00 EUR"], ["1\u00a0299,00", "EUR", "fr-FR", "1299.00 EUR"],
    ["1\u202f299,5", "EUR", "fr-FR", "1299.50 EUR"], ["1'299.50", "CHF", "de-CH", "1299.50 CHF"], ["1’299.50", "CHF", "de-CH", "1299.50 CHF"],
    ["1,29,900.00", "INR", "en-IN", "129900.00 INR"], ["12,34,567", "INR", "en-IN", "1234567.00 INR"], ["1.299.000", "EUR", "de-DE", "1299000.00 EUR"],
    ["€19.90", "EUR", "en-US", "19.90 EUR"], ["19,90 €", "USD", "de-DE", "19.90 EUR"], ["USD 5", "EUR", "en-US", "5.00 USD"], ["5 usd", "EUR", "en-US", "5.00 USD"],
    ["Fr. 19.90", "CHF", "de-CH", "19.90 CHF"], ["49,90 kr.", "DKK", "da-DK", "49.90 DKK"], ["$5", "CAD", "en-CA", "5.00 CAD"], ["$5", "EUR", "en-US", "5.00 USD"], ["99 kr", "DKK", "da-DK", "99.00 DKK"], ["49,90 zł", "EUR", "pl-PL", "49.90 PLN"],
    ["1,299", "JPY", "ja-JP", "1299 JPY"], ["¥1,299", "EUR", "ja-JP", "1299 JPY"], ["１９８０", "JPY", "ja-JP", "1980 JPY"], ["1.299", "JPY", "de-DE", "1299 JPY"],
    ["1.500", "KWD", "en-US", null], ["1.5", "KWD", "en-US", "1.500 KWD"], ["١٩٫٩٠", "EUR", "ar", "19.90 EUR"], ["١٬٢٩٩٫٥٠", "EUR", "ar", "1299.50 EUR"],
    ["१९.९०", "INR", "hi-IN", "19.90 INR"], ["19,-", "EUR", "de-DE", "19.00 EUR"], ["19.–", "CHF", "de-CH", "19.00 CHF"], ["  19.90 ", "EUR", "en-US", "19.90 EUR"],
    ["007", "EUR", "en-US", "7.00 EUR"], ["\u200e19.90\u200f", "EUR", "en-US", "19.90 EUR"], ["123456789.99", "EUR", "en-US", "123456789.99 EUR"],
];

test("what is certain is taken as it was meant", () => {
    for (const [text, currency, locale, meant] of certain.filter(([, , , meant]) => meant)) {
        const { isCertain, trouble } = read(text, currency, locale);
        assert.equal(trouble, null, text);
        assert.deepEqual(amounts(text, currency, locale), [meant], `${text} in ${locale}`);
        assert.equal(isCertain, true, `${text} in ${locale} is certain`);
    }
});

test("what can mean two prices is asked, the likelier first", () => {
    assert.deepEqual(amounts("1.299", "KWD", "en-US"), ["1.299 KWD", "1299.000 KWD"]);
    assert.deepEqual(amounts("1,299", "KWD", "en-US"), ["1299.000 KWD", "1.299 KWD"]);
    assert.equal(read("1,299", "KWD", "en-US").isCertain, false);
    // A comma is a decimal mark there, and euros have two digits: a slip, or another language's groups?
    assert.deepEqual(amounts("1,299", "EUR", "de-DE"), ["1299.00 EUR"]);
    assert.equal(read("1,299", "EUR", "de-DE").isCertain, false);
    assert.equal(read("1.299", "EUR", "en-US").isCertain, false);
});

test("what is no price is refused in words, and never rounded", () => {
    for (const [text, currency] of [
        ["", "EUR"], ["abc", "EUR"], ["-5", "EUR"], ["−5", "EUR"], ["19.999.99", "EUR"], ["1,2,3", "EUR"], ["19.9050", "EUR"], ["0,299", "EUR"], ["19.90", "JPY"],
        ["1234567890", "EUR"], ["1e3", "EUR"], ["5 XYZ", "EUR"], ["€5 $", "EUR"], ["1.23.4", "EUR"], ["12 34", "EUR"], ["1 2", "EUR"], ["1.5", "XXQ"], [",", "EUR"],
        ["1,299.000", "EUR"], ["12'34.5", "CHF"], ["1,299,00", "EUR"],
    ]) {
        const { readings, trouble } = read(text, currency);
        assert.deepEqual(readings, [], text);
        assert.ok(trouble?.length > 10, text);
    }
});

test("currencies have their own digits", () => {
    for (const [currency, digits] of [["EUR", 2], ["JPY", 0], ["KWD", 3], ["ISK", 0], ["TND", 3]]) assert.equal(currencyDigits(currency), digits, currency);
    assert.equal(currencyDigits("EURO"), null);
});

test("whatever is typed: each reading is canonical, and nothing throws", () => {
    const signs = [..."0123456789.,' -€$\u00a0\u066b٣"];
    let state = 7;
    const next = (count) => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) % count;
    for (let run = 0; run < 20_000; run++) {
        const text = Array.from({ length: 1 + next(10) }, () => signs[next(signs.length)]).join("");
        const currency = ["EUR", "JPY", "KWD"][next(3)];
        const locale = ["en-US", "de-DE", "fr-FR", "ja-JP", "de-CH"][next(5)];
        const { readings, isCertain, trouble } = read(text, currency, locale);
        assert.equal(trouble === null, readings.length > 0, text);
        if (isCertain) assert.equal(readings.length, 1);
        for (const each of readings) assert.match(each.amount, /^(0|[1-9]\d{0,8})(\.\d+)?$/, text);
    }
});
