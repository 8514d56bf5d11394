"""What was acknowledged is there after a crash."""

import threading
import time

from signaling_client import Client
from vitrine import until


class Writers:
    """People who write until the server dies, and remember what was acknowledged to them."""

    def __init__(self, server, stream):
        self.server, self.stream = server, stream
        self.titles, self.products, self.pinned, self.messages = set(), set(), set(), set()
        self.likes = 0
        self.threads = [threading.Thread(target=self._until_crash, args=(work,))
                        for work in (self._create, self._create, self._sell, self._talk, self._like)]
        for thread in self.threads:
            thread.start()

    def acknowledged(self):
        """How many writes, if each did its part."""
        parts = (len(self.titles), len(self.products), len(self.pinned), len(self.messages), self.likes)
        return sum(parts) if min(parts) > 15 else 0

    def _until_crash(self, work):
        try:
            work()
        except Exception:  # the server is gone, as it should be
            pass

    def _create(self):
        api = self.server.api
        for number in range(100_000):
            self.titles.add(api.create(f"Show {number}"))

    def _sell(self):
        api = self.server.api
        for _ in range(100_000):
            product = api.add_product(self.stream)
            self.products.add(product)
            path = f"/api/livestreams/{self.stream}/products/{product}/pin"
            assert api.request("PUT", path).status_code == 200
            self.pinned.add(product)
            # Three at most are pinned at once.
            assert api.request("DELETE", path).status_code == 204

    def _talk(self):
        admin = Client.admin(self.server, self.stream)
        for number in range(100_000):
            admin.send("chat", text=f"message {number}")
            self.messages.add(admin.expect("chat_message", text=f"message {number}")["id"])

    def _like(self):
        customers = [Client(self.server, self.stream) for _ in range(10)]
        while True:
            for customer in customers:
                customer.send("like")
            self.likes = customers[0].expect("stream_update")["likes"]
            time.sleep(0.1)  # the pace of people who like ten times a second

    def join(self):
        for thread in self.threads:
            thread.join(20)


def test_nothing_acknowledged_is_lost_by_kill_9(server, api, stream):
    for _ in range(3):
        writers = Writers(server, stream)
        until(lambda: writers.acknowledged() >= 1_000, 60, "1,000 acknowledged writes")
        server.kill()
        writers.join()
        server.start()
        api = server.api
        assert writers.titles <= {item["id"] for item in api.all("/api/livestreams")}
        products = {item["id"]: item for item in api.all(f"/api/livestreams/{stream}/products")}
        assert writers.products <= products.keys()
        assert all(products[product]["pins"] for product in writers.pinned)
        # What was pinned when the server died takes no place for ever.
        for product in api.record(stream)["pinned_products"]:
            assert api.request("DELETE", f"/api/livestreams/{stream}/products/{product['id']}/pin").status_code == 204
        assert writers.messages <= {item["id"] for item in api.all(f"/api/livestreams/{stream}/chat")}
        record = api.record(stream)
        assert record["likes"] >= writers.likes
        assert record["likes"] == sum(item["count"] for item in api.all(f"/api/livestreams/{stream}/likes"))
        assert record["status"] == "scheduled"
