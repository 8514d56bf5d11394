"""A TCP proxy that misbehaves on demand, between a server and its store."""

import contextlib
import select
import socket
import threading


class Proxy:
    """Passes bytes on to a port of this machine, in one of its ways:

    `pass`: as they come. `refuse`: connections are refused, and those that stand are cut. `hang`: connections are taken
    and nothing is passed on. `cut`: an answer breaks off in its middle, and the connection with it.
    """

    def __init__(self, port):
        self.target = port
        self.way = "pass"
        self.lock = threading.Lock()
        self.pairs = []
        self.listener = self._listen(0)
        self.port = self.listener.getsockname()[1]
        self.is_over = False
        threading.Thread(target=self._accept, daemon=True).start()

    @staticmethod
    def _listen(port):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", port))
        listener.listen(64)
        return listener

    def become(self, way):
        with self.lock:
            was, self.way = self.way, way
            if way == "refuse":
                self._close_listener()
                self._drop_all()
            elif was == "refuse":
                self.listener = self._listen(self.port)
            if was == "hang" and way == "pass":
                self._drop_all()  # what hung so long is dead to both ends

    def close(self):
        with self.lock:
            self.is_over = True
            self._close_listener()
            self._drop_all()

    def _close_listener(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _drop_all(self):
        for pair in self.pairs:
            for end in pair:
                with contextlib.suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        self.pairs = []

    def _accept(self):
        while not self.is_over:
            try:
                ready, _, _ = select.select([self.listener], [], [], 0.05)
                if not ready:
                    continue
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.target), 5)
            except (OSError, ValueError):  # closed under our hands
                threading.Event().wait(0.02)
                continue
            with self.lock:
                self.pairs.append((near, far))
            for source, sink, answers in ((near, far, False), (far, near, True)):
                threading.Thread(target=self._pass, args=(source, sink, answers), daemon=True).start()

    def _pass(self, source, sink, answers):
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                while self.way == "hang" and not self.is_over:
                    threading.Event().wait(0.02)
                if self.way == "cut" and answers:
                    sink.sendall(data[: len(data) // 2])
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
