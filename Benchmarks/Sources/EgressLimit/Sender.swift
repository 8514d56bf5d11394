import CLimit
import Foundation

@testable import Net
@testable import Rigs

/// Who sends a frame to every viewer.
protocol Sender: AnyObject {
    var name: String { get }
    /// What is not measured.
    func prepare()
    /// How many packets were sent.
    func send() -> Int
}

/// Vitrine from the uplink's socket buffer to its own socket: opened, put into the ring, planned, sealed, sent.
final class VitrineSender: Sender {
    static let packets = 9

    let name: String
    private let outlet: PortOutlet
    private let rig: RelayRig
    private var frame: [[UInt8]] = []

    init(viewers: Int, cipher: ViewerCipher, segments: Bool = true, to sink: Sink) throws {
        name = "vitrine, \(cipher.rawValue)" + (segments ? "" : ", one datagram a call")
        outlet = try PortOutlet(segments: segments)
        rig = try RelayRig(viewers: viewers, cipher: cipher, outlet: outlet, address: sink.address)
        sink.drain(outlet.datagrams)
    }

    func prepare() {
        rig.advance(milliseconds: 33)
        frame = rig.source.frame(Self.packets)
    }

    func send() -> Int {
        let before = outlet.datagrams
        rig.receive(frame)
        rig.flush()
        return outlet.datagrams - before
    }
}

/// The bare loop in C.
final class LimitSender: Sender {
    let name: String
    private let limit: OpaquePointer
    private let port: PortOutlet
    private let destinations: UnsafeMutablePointer<sockaddr_in>
    private let source: UnsafeMutablePointer<UInt8>

    /// Nil when this machine has no such cipher.
    init?(viewers: Int, cipher: climit_cipher, to sink: Sink) throws {
        guard climit_has_cipher(cipher) != 0 else { return nil }
        name = "limit, " + (cipher == climit_evp_gcm ? "gcm by EVP" : "gcm by libipsec-mb")
        port = try PortOutlet()
        destinations = .allocate(capacity: viewers)
        for number in 0..<viewers { (destinations + number).initialize(to: sink.destination(number)) }
        let bytes = VitrineSender.packets * MediaSource.videoBytes
        source = .allocate(capacity: bytes)
        for number in 0..<bytes { source[number] = UInt8(truncatingIfNeeded: number &* 167) }
        guard
            let limit = climit_create(
                port.port.descriptor, destinations, Int32(viewers), cipher, source, Int32(VitrineSender.packets),
                Int32(MediaSource.videoBytes))
        else { throw Failure(reason: "the limit's loop can't be set up") }
        self.limit = limit
    }

    deinit {
        climit_destroy(limit)
        destinations.deallocate()
        source.deallocate()
    }

    func prepare() {}

    func send() -> Int { max(0, climit_send_frame(limit)) }
}
