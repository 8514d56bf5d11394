import CLimit
import Foundation

@testable import Net
@testable import Rigs

/// Who sends a pattern's packets to every viewer, an arrival at a time.
protocol Sender: AnyObject {
    var name: String { get }
    /// What the whole pattern comes to, for all viewers.
    var patternPackets: Int { get }
    /// What is not measured.
    func prepare()
    /// How many packets were sent.
    func send() -> Int
}

/// Vitrine from the uplink's socket buffer to its own socket: opened, put into the ring, planned, sealed, sent.
final class VitrineSender: Sender {
    let name: String
    let patternPackets: Int
    private let outlet: PortOutlet
    private let rig: RelayRig
    private var pattern: Pattern
    private var packets: [[UInt8]] = []

    init(
        viewers: Int, cipher: ViewerCipher, pattern: Pattern = .frames, segments: Bool = true, to sink: Sink
    ) throws {
        name = "vitrine, \(cipher.rawValue)" + (segments ? "" : ", one datagram a call")
        outlet = try PortOutlet(segments: segments)
        rig = try RelayRig(viewers: viewers, cipher: cipher, outlet: outlet, address: sink.address)
        self.pattern = pattern
        patternPackets = viewers * pattern.packets
        sink.drain(outlet.datagrams)
    }

    func prepare() {
        let arrival = pattern.next()
        rig.advance(milliseconds: arrival.milliseconds)
        packets = arrival.isSound ? [rig.source.sound()] : rig.source.frame(arrival.packets)
    }

    func send() -> Int {
        let before = outlet.datagrams
        rig.receive(packets)
        rig.flush()
        return outlet.datagrams - before
    }
}

/// The bare loop in C.
final class LimitSender: Sender {
    let name: String
    let patternPackets: Int
    private let limit: OpaquePointer
    private let port: PortOutlet
    private var pattern: Pattern
    private var arrival: Pattern.Arrival
    private let destinations: UnsafeMutablePointer<sockaddr_in>
    private let source: UnsafeMutablePointer<UInt8>

    /// Nil when this machine has no such cipher.
    init?(viewers: Int, cipher: climit_cipher, pattern: Pattern = .frames, to sink: Sink) throws {
        guard climit_has_cipher(cipher) != 0 else { return nil }
        name = "limit, " + (cipher == climit_evp_gcm ? "gcm by EVP" : "gcm by libipsec-mb")
        self.pattern = pattern
        patternPackets = viewers * pattern.packets
        arrival = Pattern.largest
        port = try PortOutlet()
        destinations = .allocate(capacity: viewers)
        for number in 0..<viewers { (destinations + number).initialize(to: sink.destination(number)) }
        let bytes = arrival.packets * arrival.payloadBytes
        source = .allocate(capacity: bytes)
        for number in 0..<bytes { source[number] = UInt8(truncatingIfNeeded: number &* 167) }
        guard
            let limit = climit_create(
                port.port.descriptor, destinations, Int32(viewers), cipher, source, Int32(arrival.packets),
                Int32(arrival.payloadBytes))
        else { throw Failure(reason: "the limit's loop can't be set up") }
        self.limit = limit
    }

    deinit {
        climit_destroy(limit)
        destinations.deallocate()
        source.deallocate()
    }

    func prepare() { arrival = pattern.next() }

    func send() -> Int { max(0, climit_send(limit, Int32(arrival.packets), Int32(arrival.payloadBytes))) }
}
