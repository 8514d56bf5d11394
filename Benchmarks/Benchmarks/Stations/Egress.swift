import Benchmark

@testable import Rigs
@testable import SFU

/// From the ring to the socket. An operation is a packet for one viewer.
func registerEgress() {
    for cipher in ViewerCipher.available {
        for viewers in [1, 100, 2_000] { registerSeal(cipher, viewers) }
    }
    registerEngine()
    for segments in [true, false] { registerSend(segments) }
}

private let packetsPerFrame = 9

private func registerSeal(_ cipher: ViewerCipher, _ viewers: Int) {
    Station(
        name: "out: plan and seal a frame for \(viewers), \(cipher.rawValue)",
        operations: packetsPerFrame * viewers,
        setup: { try RelayRig(viewers: viewers, cipher: cipher, outlet: NullOutlet()) },
        prepare: { rig in
            rig.advance(milliseconds: 33)
            rig.receive(rig.source.frame(packetsPerFrame))
        },
        body: { $0.flush() }
    ).register()
}

/// With the packets that it is to take.
private final class EngineState {
    let rig: RelayRig
    let sink: Sink?
    let outlet: PortOutlet?
    var frame: [[UInt8]] = []
    private var sent = 0

    init(viewers: Int) throws {
        (sink, outlet) = (nil, nil)
        rig = try RelayRig(viewers: viewers, cipher: .openSSL, outlet: NullOutlet())
    }

    init(viewers: Int, segments: Bool) throws {
        let (sink, outlet) = (try Sink(takesOffload: false, core: 1), try PortOutlet(segments: segments))
        rig = try RelayRig(viewers: viewers, cipher: .openSSL, outlet: outlet, address: sink.address)
        (self.sink, self.outlet) = (sink, outlet)
    }

    func prepare() {
        if let sink, let outlet {
            sink.drain(outlet.datagrams - sent)
            sent = outlet.datagrams
        }
        rig.advance(milliseconds: 33)
        frame = rig.source.frame(packetsPerFrame)
    }

    func send() {
        rig.receive(frame)
        rig.flush()
    }
}

private func registerEngine() {
    Station(
        name: "the whole engine: a frame from the uplink for 100 viewers",
        operations: packetsPerFrame * 100,
        setup: { try EngineState(viewers: 100) },
        prepare: { $0.prepare() },
        body: { $0.send() }
    ).register()
}

private func registerSend(_ segments: Bool) {
    Station(
        name: "the whole engine over loopback, 100 viewers, \(segments ? "segments" : "one datagram a call")",
        operations: packetsPerFrame * 100,
        setup: { try EngineState(viewers: 100, segments: segments) },
        prepare: { $0.prepare() },
        body: { $0.send() }
    ).register()
}
