import TestSupport
import Testing

@testable import Load

struct SequenceLedgerTests {
    /// What came of `count` packets of which `lost` never do, each up to three places late, from `first` on.
    private func deliver(
        _ count: Int, from first: UInt16, lost: Set<Int>, using generator: inout SeededGenerator
    ) -> SequenceLedger {
        var ledger = SequenceLedger()
        var order = Array(0..<count).filter { !lost.contains($0) }
        for place in stride(from: 1, to: order.count - 4, by: 4) {
            order[place..<place + 3].shuffle(using: &generator)
        }
        for number in order { _ = ledger.receive(first &+ UInt16(truncatingIfNeeded: number)) }
        return ledger
    }

    @Test(arguments: [1, 2, 3, 4, 5])
    func countsEachLossOnceWhateverTheOrder(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        var lost: Set<Int> = []
        for number in 10..<199_990 where Int.random(in: 0..<50, using: &generator) == 0 { lost.insert(number) }
        let ledger = deliver(200_000, from: 65_000, lost: lost, using: &generator)
        #expect(ledger.lost(through: ledger.mark) == lost.count)
        #expect(ledger.unique == 200_000 - lost.count)
        #expect(ledger.duplicates == 0 && ledger.restarts == 0)
    }

    @Test func aRetransmissionMendsALossAndASecondOneIsADuplicate() {
        var ledger = SequenceLedger()
        for number: UInt16 in [65_533, 65_534, 0, 1] { _ = ledger.receive(number) }
        #expect(ledger.lost(through: ledger.mark) == 1)
        #expect(ledger.repair(65_535) == .late)
        #expect(ledger.lost(through: ledger.mark) == 0)
        #expect(ledger.repair(65_535) == .duplicate)
        #expect(ledger.receive(1) == .duplicate)
        #expect(ledger.duplicates == 2)
    }

    @Test func whatIsMissingBehindTheMarkIsNotCounted() {
        var ledger = SequenceLedger()
        _ = ledger.receive(10)
        _ = ledger.receive(12)
        let mark = ledger.mark
        _ = ledger.receive(15)
        #expect(ledger.lost(through: mark) == 1)
        #expect(ledger.lost(through: ledger.mark) == 3)
    }

    @Test func aSourceThatBeginsAnewLosesNothing() {
        var ledger = SequenceLedger()
        for number: UInt16 in 0..<100 { _ = ledger.receive(number) }
        #expect(ledger.receive(30_000) == .restart)
        #expect(ledger.receive(30_001) == .next)
        #expect(ledger.lost(through: ledger.mark) == 0)
        #expect(ledger.restarts == 1)
    }
}
