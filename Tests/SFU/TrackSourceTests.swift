import Testing
import Wire

@testable import SFU

@Suite("Which source sends a track")
struct TrackSourceTests {
    private let now = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func packet(_ ssrc: UInt8, _ sequence: UInt8) -> [UInt8] {
        [0x80, 96, 0, sequence, 0, 0, 0, 0, 0, 0, 0, ssrc, 1]
    }

    /// What became of packets, each of a source, with a number, of a layer, after so many milliseconds.
    private func give(
        _ source: inout TrackSource, _ packets: [(ssrc: UInt8, sequence: UInt8)], layer: String? = nil,
        afterMS: Int64 = 0
    ) throws -> [TrackSource.Verdict] {
        try packets.map { ssrc, sequence in
            let bytes = packet(ssrc, sequence)
            return source.receive(
                try #require(RTPHeader(bytes)), layer: layer, bytes.span, at: now.advanced(byMilliseconds: afterMS))
        }
    }

    @Test("the first that comes, or another when three of its packets come in order and none of the first")
    func change() throws {
        var source = TrackSource(announced: nil, layers: [])
        #expect(try give(&source, [(1, 1), (1, 2)]) == [.adopted, .current])
        #expect(try give(&source, [(2, 1), (2, 2), (1, 3)]) == [.held, .held, .current], "the first is still there")
        #expect(try give(&source, [(2, 3), (2, 5), (2, 6)]) == [.held, .held, .held] && source.changes == 0)
        #expect(try give(&source, [(2, 7), (2, 8)]) == [.adopted, .current] && source.changes == 1)
        let held = (source.takeHeld(), source.takeHeld())
        #expect(held == ([packet(2, 5), packet(2, 6)], []))
    }

    @Test("another than the offer names, when that one never comes")
    func wronglyAnnounced() throws {
        var source = TrackSource(announced: 9, layers: [])
        #expect(try give(&source, [(1, 1), (1, 2), (1, 3)]) == [.held, .held, .adopted])
    }

    @Test("of layers the one that its sender likes best, and another when that one is given up")
    func layers() throws {
        var source = TrackSource(announced: 3, layers: ["a", "b"])
        #expect(try give(&source, [(2, 1)], layer: "b") == [.otherLayer])
        #expect(try give(&source, [(1, 1)], layer: "a") == [.adopted])
        for sequence: UInt8 in 2..<20 {
            #expect(try give(&source, [(2, sequence)], layer: "b", afterMS: 100) == [.otherLayer])
            #expect(try give(&source, [(1, sequence)], afterMS: 100) == [.current])
        }
        #expect(try give(&source, [(2, 20)], layer: "b", afterMS: 1_000) == [.otherLayer])
        #expect(try give(&source, [(2, 21)], layer: "b", afterMS: 2_200) == [.adopted] && source.layer == "b")
        #expect(try give(&source, [(1, 20)], layer: "a", afterMS: 2_300) == [.otherLayer])
    }
}
