import DTLS
import SRTP
import Wire

/// What only a connected peer has: its keys, and what it does here.
final class PeerConnection {
    enum Work {
        case uplink(UplinkReceiver)
        /// Its place in its show's table changes when others leave.
        case viewer(ViewerSeat)
    }

    let since: MonotonicTime
    let work: Work
    /// Hears that the peer leaves; nil where its cipher is one that isn't known here.
    let goodbye: GoodbyeWatch?
    /// What is said about the media, in both directions.
    var control: SRTCPSession
    /// While the last flight of its handshake may be asked for again.
    private var lingering: DTLSTransport?

    init(
        since: MonotonicTime, control: SRTCPSession, goodbye: GoodbyeWatch?, work: Work, lingering: DTLSTransport?
    ) {
        self.since = since
        self.control = control
        self.goodbye = goodbye
        self.work = work
        self.lingering = lingering
    }

    /// What a repeated flight is given to; nil when the peer has shown that it needs none.
    var transport: DTLSTransport? { lingering }

    /// Lets go of the handshake's rest, if there is any.
    func settle() -> DTLSTransport? {
        defer { lingering = nil }
        return lingering
    }
}

/// A connected viewer's place, and what bounds its requests.
final class ViewerSeat {
    var position: Int
    var repairsThisSecond = 0
    var link = ViewerLink()

    init(position: Int) { self.position = position }
}
