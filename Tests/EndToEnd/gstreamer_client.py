"""GStreamer's webrtcbin by WHIP or WHEP, for the system's own Python, whose bindings are Debian's packages:
gstreamer_client.py publish|play URL TOKEN VP8|H264 SECONDS.

Says `state NAME` for the connection, and as a player `frame WIDTHxHEIGHT` for each decoded picture and `sound` for
each decoded piece of sound. Ends with the answer's status when that isn't 201.
"""

import sys
import urllib.error
import urllib.parse
import urllib.request

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

PUBLISH = {
    "VP8": "vp8enc deadline=1 keyframe-max-dist=60 target-bitrate=300000 ! rtpvp8pay pt=96 picture-id-mode=2",
    "H264": "openh264enc gop-size=60 bitrate=300000 ! h264parse ! rtph264pay pt=96 config-interval=-1 aggregate-mode=zero-latency",
}
SOURCES = """
webrtcbin name=peer bundle-policy=max-bundle
videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=15/1 ! queue ! {encoder}
  ! application/x-rtp,media=video,encoding-name={codec},payload=96,clock-rate=90000 ! peer.
audiotestsrc is-live=true freq=440 ! audio/x-raw,rate=48000,channels=2 ! opusenc ! rtpopuspay pt=97
  ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97,clock-rate=48000 ! peer.
"""


def say(*words):
    print(*words, flush=True)


class Client:
    def __init__(self, role, url, token, codec, seconds):
        self.role, self.url, self.token, self.codec = role, url, token, codec
        self.loop = GLib.MainLoop()
        self.session, self.offered = None, False
        if role == "publish":
            self.pipeline = Gst.parse_launch(SOURCES.format(encoder=PUBLISH[codec], codec=codec))
            self.peer = self.pipeline.get_by_name("peer")
        else:
            self.pipeline = Gst.Pipeline()
            self.peer = Gst.ElementFactory.make("webrtcbin", "peer")
            self.peer.set_property("bundle-policy", "max-bundle")
            self.pipeline.add(self.peer)
            self.peer.connect("pad-added", self.decode)
        self.peer.connect("on-negotiation-needed", self.negotiate)
        self.peer.connect("notify::connection-state", lambda peer, _: say("state", peer.get_property("connection-state").value_nick))
        bus = self.pipeline.get_bus()
        bus.add_signal_watch()
        bus.connect("message::error", self.failed)
        GLib.timeout_add(int(float(seconds) * 1_000), self.loop.quit)

    def run(self):
        if self.role == "play":  # the caps that whepsrc's users write: a name, a clock, and no fmtp
            for caps in (f"application/x-rtp,media=video,encoding-name={self.codec},payload=102,clock-rate=90000",
                         "application/x-rtp,media=audio,encoding-name=OPUS,payload=111,clock-rate=48000"):
                self.peer.emit("add-transceiver", GstWebRTC.WebRTCRTPTransceiverDirection.RECVONLY, Gst.Caps.from_string(caps))
        self.pipeline.set_state(Gst.State.PLAYING)
        GLib.timeout_add(20, self.exchange)
        self.loop.run()
        self.pipeline.set_state(Gst.State.NULL)
        if self.session:
            self.request("DELETE", self.session)

    def request(self, method, url, body=None):
        headers = {"Content-Type": "application/sdp", "Authorization": f"Bearer {self.token}"}
        request = urllib.request.Request(url, data=body, method=method, headers=headers)
        return urllib.request.urlopen(request, timeout=10)

    def negotiate(self, peer):
        if not self.offered:
            self.offered = True
            peer.emit("create-offer", None, Gst.Promise.new_with_change_func(self.described, None))

    def described(self, promise, _):
        reply = promise.get_reply()  # the offer lives as long as this does
        offer = reply.get_value("offer")
        self.peer.emit("set-local-description", offer, Gst.Promise.new())

    def exchange(self):
        """Posts the offer once its candidates are there. Whether to be called again."""
        description = self.peer.get_property("local-description")  # its sdp lives as long as this does
        gathering = self.peer.get_property("ice-gathering-state")
        if not description or gathering != GstWebRTC.WebRTCICEGatheringState.COMPLETE:
            return True
        offer = description.sdp.as_text()
        try:
            answer = self.request("POST", self.url, offer.encode())
        except urllib.error.HTTPError as error:
            say("refused", error.code, error.read().decode())
            self.loop.quit()
            return False
        self.session = urllib.parse.urljoin(self.url, answer.headers["Location"])
        _, sdp = GstSdp.SDPMessage.new_from_text(answer.read().decode())
        description = GstWebRTC.WebRTCSessionDescription.new(GstWebRTC.WebRTCSDPType.ANSWER, sdp)
        self.peer.emit("set-remote-description", description, Gst.Promise.new())
        return False

    def decode(self, peer, pad):
        if pad.get_direction() != Gst.PadDirection.SRC:
            return
        decoder = Gst.ElementFactory.make("decodebin")
        decoder.connect("pad-added", self.show)
        self.pipeline.add(decoder)
        decoder.sync_state_with_parent()
        pad.link(decoder.get_static_pad("sink"))

    def show(self, _, pad):
        sink = Gst.ElementFactory.make("fakesink")
        sink.set_property("sync", False)
        sink.set_property("signal-handoffs", True)
        sink.connect("handoff", self.shown)
        self.pipeline.add(sink)
        sink.sync_state_with_parent()
        pad.link(sink.get_static_pad("sink"))

    def shown(self, _, buffer, pad):
        caps = pad.get_current_caps().get_structure(0)
        if caps.get_name().startswith("video"):
            say("frame", f"{caps.get_int('width')[1]}x{caps.get_int('height')[1]}")
        else:
            say("sound")

    def failed(self, _, message):
        say("error", *message.parse_error())
        self.loop.quit()


if __name__ == "__main__":
    Gst.init(None)
    Client(*sys.argv[1:]).run()
