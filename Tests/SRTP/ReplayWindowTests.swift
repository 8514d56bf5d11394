import TestSupport
import Testing

@testable import SRTP

@Suite("The replay window")
struct ReplayWindowTests {
    @Test("remembers which of the last 128 have come")
    func window() {
        var generator = SeededGenerator(seed: 20)
        var window = ReplayWindow()
        var seen: Set<UInt32> = []
        var newest: UInt32 = 0
        for _ in 0..<20_000 {
            let ahead = Int.random(in: 0...50, using: &generator) == 0 ? 300 : 12
            let index = UInt32(max(0, Int(newest) + Int.random(in: -140...ahead, using: &generator)))
            let isFresh = !seen.contains(index) && Int(newest) - Int(index) < 128
            #expect(window.admits(index) == isFresh)
            guard isFresh else { continue }
            window.record(index)
            seen.insert(index)
            newest = max(newest, index)
        }
    }

    @Test("takes 0 as the first, once")
    func zero() {
        var window = ReplayWindow()
        #expect(window.admits(0))
        window.record(0)
        #expect(!window.admits(0) && window.admits(1))
    }

    @Test("leaps to the greatest index")
    func leap() {
        var window = ReplayWindow()
        window.record(5)
        window.record(.max)
        #expect(!window.admits(.max) && !window.admits(5) && window.admits(.max - 127) && !window.admits(.max - 128))
    }
}
