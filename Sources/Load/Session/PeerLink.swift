import DTLS
import ICE
import Net
import SRTP
import Wire

// Unchecked: only its loop's thread touches it once it has begun.
/// One media client's way to the server: its socket, and what its transport asks for, done.
final class PeerLink: @unchecked Sendable {
    let socket: MediaSocket
    let credentials: ICECredentials
    private let number: Int
    private let loop: PollLoop
    private let handshakes: HandshakeThreads
    private var transport: PeerTransport?
    private var session: SRTCPSession?
    private var path: SocketAddress?
    private(set) var isConnected = false
    private(set) var failure: String?
    var onConnected: ((SRTPKeys, MonotonicTime) -> Void)?
    /// What it goes through on its way, where that is to be slower than the socket.
    private var weak: WeakLink?

    init(
        number: Int, socket: MediaSocket, credentials: ICECredentials, loop: PollLoop, handshakes: HandshakeThreads,
        weak: WeakLink? = nil
    ) {
        self.weak = weak
        self.number = number
        self.socket = socket
        self.credentials = credentials
        self.loop = loop
        self.handshakes = handshakes
    }

    /// The server's description has come. `isLite`: it offered, and checks.
    func begin(_ remote: RemoteDescription, certificate: DTLSCertificate, isLite: Bool, at now: MonotonicTime) {
        var generator = SystemRandomNumberGenerator()
        let transport = PeerTransport(
            remote: remote, local: credentials, certificate: certificate, isLite: isLite, at: now, using: &generator)
        self.transport = transport
        perform(transport.advance(at: now), at: now)
    }

    /// Takes what is no media.
    func receive(
        _ datagram: [UInt8], from source: SocketAddress?, _ responder: ICELiteResponder, at now: MonotonicTime
    ) {
        guard let transport else { return }
        perform(transport.receive(datagram, from: source, responder, at: now), at: now)
    }

    func advance(at now: MonotonicTime) {
        guard let transport else { return }
        perform(transport.advance(at: now), at: now)
    }

    var isShaped: Bool { weak != nil }
    /// Nothing is under way.
    var isIdle: Bool { weak?.isIdle ?? true }

    /// A datagram has come to the far end of the link; `nextDatagram` gives it when it has come through.
    func carry(_ bytes: UnsafeRawBufferPointer, byteCount: Int, from source: SocketAddress?, at now: MonotonicTime) {
        weak?.take(bytes, byteCount: byteCount, from: source, at: now)
    }

    func nextDatagram(at now: MonotonicTime) -> WeakLink.Datagram? { weak?.nextDatagram(at: now) }

    /// Sends what has come through the other way.
    func flush(at now: MonotonicTime) {
        while let reply = weak?.nextReply(at: now) {
            if let address = reply.address {
                socket.send(reply.bytes, to: address)
            } else {
                _ = reply.bytes.withUnsafeBytes { socket.send($0) }
            }
        }
    }

    private func send(_ datagram: [UInt8], to address: SocketAddress, at now: MonotonicTime) {
        if weak == nil {
            socket.send(datagram, to: address)
        } else {
            weak?.reply(datagram, to: address, at: now)
        }
    }

    /// Gives up.
    func fail(_ reason: String) {
        if failure == nil { failure = reason }
        isConnected = false
        transport = nil
    }

    func send(_ compound: RTCPCompound, with scratch: SRTCPScratch, at now: MonotonicTime) {
        guard isConnected, let sealed = session?.seal(compound.bytes, with: scratch) else { return }
        guard weak == nil else { return weak?.reply(sealed, to: nil, at: now) ?? () }
        _ = sealed.withUnsafeBytes { socket.send($0) }
    }

    func open(_ datagram: UnsafeRawBufferPointer, with scratch: SRTCPScratch) -> [RTCPPacket] {
        guard let compound = try? session?.open(Array(datagram), with: scratch) else { return [] }
        return RTCPPacket.parse(compound)
    }

    private func perform(_ actions: [PeerTransport.Action], at now: MonotonicTime) {
        for action in actions {
            switch action {
            case .send(let datagram, let address): send(datagram, to: address, at: now)
            case .selected(let address):
                path = address
                if !socket.connect(to: address) { fail("can't reach \(address.host)") }
            case .handshake(let input): advance(input)
            case .connected(let keys): connected(keys, at: now)
            case .failed(let reason): fail(reason)
            }
        }
    }

    private func advance(_ input: PeerTransport.HandshakeInput) {
        guard let transport else { return }
        handshakes.advance(transport.handshake, input, number: number) { [self] result in
            loop.perform { [self] in take(result) }
        }
    }

    private func take(_ result: Result<DTLSTransport.Step, any Error>) {
        let now = MonotonicClock.now()
        guard let transport else { return }
        perform(transport.take(result, at: now), at: now)
    }

    private func connected(_ keys: SRTPKeys, at now: MonotonicTime) {
        do {
            session = try SRTCPSession(keys)
            isConnected = true
            onConnected?(keys, now)
        } catch {
            fail("SRTP: \(error)")
        }
    }
}
