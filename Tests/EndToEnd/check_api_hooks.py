"""What schemathesis has to know of this API's own types: bodies that are neither JSON nor forms."""

import schemathesis


def _as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode("utf-8", "surrogatepass")


@schemathesis.serializer("application/sdp", "application/trickle-ice-sdpfrag", "application/offset+octet-stream")
def text(ctx, value):
    return _as_bytes(value)
