@testable import DTLS
@testable import ICE
@testable import SFU
@testable import SRTP
@testable import Wire

/// An engine with a publisher and viewers who are connected: their handshakes are left out, their keys are real.
final class RelayRig {
    let engine: RelayEngine
    let source: MediaSource
    private(set) var now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private let publisher: Endpoint
    private let stream = StreamID.random()
    private var generator = SystemRandomNumberGenerator()

    /// `address` says where a viewer is, by its number from 0.
    init(
        viewers: Int, cipher: ViewerCipher, outlet: any RelayOutlet, address: (Int) -> SocketAddress = RelayRig.address
    ) throws {
        publisher = Endpoint(Self.address(-1))
        source = try MediaSource(cipher)
        engine = try RelayEngine(
            outlet: outlet, certificate: try DTLSCertificate(),
            candidates: [Candidate(address: Self.address(-2), transport: .udp, rank: 0)], cipherHome: cipher.home)
        let uplink = try engine.publish(stream, try Negotiation(offer: MediaSource.offer), at: now).id
        connect(uplink, at: publisher, cipher.keys(0))
        let tracks = try engine.show(stream).offeredTracks
        let answer = try Negotiation.answer(Self.answer)
        for number in 0..<viewers {
            let id = try engine.invite(stream, tracks, at: now).id
            engine.accept(id, answer, at: now)
            connect(id, at: Endpoint(address(number)), cipher.keys(number + 1))
        }
        try start(viewers)
    }

    private func connect(_ id: RelaySessionID, at endpoint: Endpoint, _ keys: SRTPKeys) {
        guard let peer = engine.peers[id] else { preconditionFailure("it was just taken") }
        guard let credentials = engine.directory[peer]?.credentials,
            var check = ConnectivityChecker(remote: credentials, localFragment: "rig", using: &generator).makeCheck()
        else { preconditionFailure("it was just admitted") }
        check.withUnsafeMutableBytes { engine.receive($0, from: endpoint, at: now) }
        _ = engine.handshake(of: peer)
        engine.handshakeAdvanced(id, .success(DTLSTransport.Step(keys: keys)), at: now)
        precondition(peer.connection != nil)
    }

    /// Past the second in which key frames are still asked for, a first key frame, and everybody reads where the ring ends.
    private func start(_ viewers: Int) throws {
        advance(milliseconds: KeyFrameRequests.intervalMS + 1)
        for number in 0..<3 {
            receive(source.frame(9, isKey: number == 0))
            receive([source.sound()])
            flush()
            advance(milliseconds: 33)
        }
        let before = packetsOut
        receive(source.frame(9))
        flush()
        precondition(packetsOut - before == 9 * viewers, "not every viewer is sent everything")
    }

    func receive(_ packets: [[UInt8]]) {
        for var packet in packets {
            packet.withUnsafeMutableBytes { engine.receive($0, from: publisher, at: now) }
        }
    }

    /// For who measures: opens the packet where it is.
    func receive(_ packet: UnsafeMutableRawBufferPointer) { engine.receive(packet, from: publisher, at: now) }

    func flush() { repeat { engine.flush(at: now) } while engine.isSending }

    /// What all viewers have been sent until now.
    var packetsOut: Int {
        guard let audience = engine.audiences[stream] else { return 0 }
        return (0..<audience.downlinks.count).reduce(0) { sum, position in
            let downlink = audience.downlinks.pointer(position)
            return sum + MediaKind.allCases.reduce(0) { $0 + Int(downlink.pointee.tracks[$1.number].packetsSent) }
        }
    }

    /// Lets time pass, and does what is due then.
    func advance(milliseconds: Int64) {
        now = now.advanced(byMilliseconds: milliseconds)
        _ = engine.handleTimers(at: now)
    }

    static func address(_ number: Int) -> SocketAddress {
        let bytes = [10, UInt8(truncatingIfNeeded: number >> 16), UInt8(truncatingIfNeeded: number >> 8)]
        guard let address = SocketAddress(bytes: bytes + [UInt8(truncatingIfNeeded: number)], port: 5_000) else {
            preconditionFailure("four bytes are an address")
        }
        return address
    }

    /// A viewer's, to whatever it is offered.
    private static let answer = """
        v=0\r
        o=- 1 1 IN IP4 0.0.0.0\r
        s=-\r
        t=0 0\r
        a=ice-ufrag:rigs\r
        a=ice-pwd:the rig's own password\r
        a=fingerprint:sha-256 \(MediaSource.fingerprint)\r
        m=video 9 UDP/TLS/RTP/SAVPF 96 97\r
        a=mid:0\r
        a=recvonly\r
        a=setup:active\r
        m=audio 9 UDP/TLS/RTP/SAVPF 111\r
        a=mid:1\r
        a=recvonly\r
        a=setup:active\r

        """
}
