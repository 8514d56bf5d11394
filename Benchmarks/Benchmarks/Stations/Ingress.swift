import Benchmark

@testable import ICE
@testable import Rigs
@testable import SFU
@testable import SRTP
@testable import Wire

/// From the socket to the ring.
func registerIngress() {
    registerDemux()
    registerUnprotect()
    registerRing()
    registerNormalise()
}

private final class DemuxState {
    let rig: RelayRig
    let viewers = (0..<500).map { Endpoint(RelayRig.address($0)) }
    var datagram = [UInt8](repeating: 0x80, count: 1_178)

    init(_ rig: RelayRig) { self.rig = rig }
}

private func registerDemux() {
    Station(
        name: "in: tell a datagram apart and find its peer (of 500)",
        setup: { DemuxState(try RelayRig(viewers: 500, cipher: .openSSL, outlet: NullOutlet())) },
        body: { state in
            // RTP of a viewer, who has none to send: found, and refused.
            state.datagram.withUnsafeMutableBytes { bytes in
                for number in 0..<1_000 {
                    state.rig.engine.receive(bytes, from: state.viewers[number % 500], at: state.rig.now)
                }
            }
        }
    ).register()
}

/// Packets as they come, anew for each iteration: replay protection takes none twice.
private final class UplinkState {
    let session: UplinkSession
    let source: MediaSource
    var packets: [[UInt8]] = []

    init(_ cipher: ViewerCipher) throws {
        session = try UplinkSession(cipher.keys(0))
        source = try MediaSource(cipher)
    }
}

private func registerUnprotect() {
    for cipher in ViewerCipher.available where cipher.isOnUplinks {
        Station(
            name: "in: SRTP unprotect, \(cipher.rawValue)",
            setup: { try UplinkState(cipher) },
            prepare: { $0.packets = $0.source.frame(1_000) },
            body: { state in
                for number in state.packets.indices {
                    state.packets[number].withUnsafeMutableBytes { blackHole(state.session.open($0, isRTCP: false)) }
                }
            }
        ).register()
    }
}

private final class RingState {
    let ring = PacketRing(capacity: 2_048)
    var index: UInt64 = 1
    let payload = [UInt8](repeating: 7, count: MediaSource.videoBytes)
}

private func registerRing() {
    Station(
        name: "in: publish into the ring",
        setup: { RingState() },
        body: { state in
            state.payload.withUnsafeBytes { payload in
                for _ in 0..<1_000 {
                    blackHole(state.ring.write(index: state.index, timestamp: 0, marker: false, payload: payload))
                    state.index += 1
                }
            }
        }
    ).register()
    Station(
        name: "out: read from the ring",
        setup: {
            let state = RingState()
            state.payload.withUnsafeBytes { payload in
                for index in 1...2_048 {
                    blackHole(state.ring.write(index: UInt64(index), timestamp: 0, marker: false, payload: payload))
                }
            }
            return state
        },
        body: { state in
            for index in UInt64(1)...1_000 {
                blackHole(state.ring.packet(index))
            }
        }
    ).register()
}

private final class TrackState {
    let track = MediaTrack(
        kind: .video, codec: Codec(name: "VP8/90000", parameters: nil), sources: MediaSources(media: 1, repair: 2))
    var packet = [0x80, 96, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x10, 1] + [UInt8](repeating: 7, count: 1_148)
    var sequence: UInt16 = 0
}

private func registerNormalise() {
    Station(
        name: "in: normalise into the show's numbers and the ring",
        setup: { TrackState() },
        body: { state in
            for _ in 0..<1_000 {
                state.sequence &+= 1
                state.packet[2] = UInt8(state.sequence >> 8)
                state.packet[3] = UInt8(truncatingIfNeeded: state.sequence)
                state.packet.withUnsafeBytes { bytes in
                    guard let header = RTPHeader(bytes.octets.span) else { return }
                    let payload = UnsafeRawBufferPointer(rebasing: bytes[header.headerBytes...])
                    blackHole(state.track.receive(header, payload: payload, at: MonotonicTime(nanoseconds: 1)))
                }
            }
        }
    ).register()
}
