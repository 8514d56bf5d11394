"""Prices as people write them, in browsers of several languages."""

import pytest
from playwright.sync_api import expect

from test_show import create_show, open_admin
from vitrine import assert_problem


def add(admin, text, currency=None):
    if currency:
        admin.get_by_label("Currency").select_option(currency)
    admin.get_by_role("textbox", name="Product title", exact=True).fill(f"Product {text}")
    admin.get_by_role("textbox", name="Price", exact=True).fill(text)


@pytest.mark.parametrize("locale, text, currency, shown, amount", [
    ("en-US", "1,299", "USD", "$1,299.00", "1299.00"), ("en-US", "1,299.50", "EUR", "€1,299.50", "1299.50"),
    ("de-DE", "1.299,00", "EUR", "1.299,00\u00a0€", "1299.00"), ("fr-FR", "1 299,00", "EUR", "1\u202f299,00\u00a0€", "1299.00"),
    ("de-CH", "1'299.50", "CHF", "CHF\u00a01", "1299.50"), ("ja-JP", "1,299", "JPY", "￥1,299", "1299"),
    ("en-US", "€19.90", "USD", "€19.90", "19.90"), ("de-DE", "19,90 €", "USD", "19,90\u00a0€", "19.90"),
])
def test_a_price_is_shown_before_it_counts_and_taken_as_it_was_meant(server, api, open_page, locale, text, currency, shown, amount):
    admin = open_admin(open_page, server, locale=locale)
    stream = create_show(admin, "Prices")
    add(admin, text, currency)
    expect(admin.get_by_text("Customers see")).to_contain_text(shown)
    admin.get_by_role("button", name="Add product", exact=True).click()
    expect(admin.get_by_role("listitem", name=f"Product {text}")).to_be_visible()
    price = api.all(f"/api/livestreams/{stream}/products")[0]["price"]
    assert price["amount"] == amount


def test_what_can_mean_two_prices_is_asked(server, api, open_page):
    admin = open_admin(open_page, server, locale="de-DE")
    stream = create_show(admin, "Asked")
    add(admin, "1,299", "EUR")
    admin.get_by_role("button", name="Add product", exact=True).click()
    assert api.all(f"/api/livestreams/{stream}/products") == []
    admin.get_by_role("button", name="1.299,00").click()
    expect(admin.get_by_text("Customers see")).to_be_visible()
    admin.get_by_role("button", name="Add product", exact=True).click()
    expect(admin.get_by_role("listitem", name="Product 1,299")).to_be_visible()
    assert api.all(f"/api/livestreams/{stream}/products")[0]["price"] == {"amount": "1299.00", "currency": "EUR"}


@pytest.mark.parametrize("amount, currency", [("1,299", "USD"), ("1 299", "EUR"), ("19.905", "EUR"), ("1299.5", "JPY"), ("5", "XYZ"), ("€5", "EUR"),
                                              ("1.2999", "KWD"), ("1e3", "EUR"), ("٥", "EUR"), ("-1", "EUR"), ("", "EUR"), (" 5", "EUR")])
def test_the_api_takes_plain_amounts_and_rounds_nothing(api, stream, amount, currency):
    answer = api.post(f"/api/livestreams/{stream}/products", {"title": "Mug", "price": {"amount": amount, "currency": currency}})
    assert "price" in assert_problem(answer, 422)["detail"] or currency in answer.text
