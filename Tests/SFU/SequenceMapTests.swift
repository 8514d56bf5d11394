import Testing

@testable import SFU

@Suite("An uplink's numbers in the show's")
struct SequenceMapTests {
    @Test("go on over the wrap, whatever the order")
    func order() {
        var map = SequenceMap(65_534, at: 1_000)
        let indices = [65_534, 65_535, 1, 0, 65_000].map { (number: UInt16) in map.index(of: number) }
        #expect(indices == [1_000, 1_001, 1_003, 1_002, 466])
    }

    @Test("leave no gap where a probe was, and give who is late his own")
    func probes() {
        var map = SequenceMap(10, at: 100)
        _ = map.index(of: 10)
        let isLeftOut = map.leaveOut(12)
        let indices = [13, 11].map { (number: UInt16) in map.index(of: number) }
        #expect(isLeftOut && indices == [102, 101])
        let isTooLate = !map.leaveOut(5)
        #expect(isTooLate, "others behind it have theirs")
    }

    @Test("make room for what is put in")
    func room() {
        var map = SequenceMap(10, at: 100)
        _ = map.index(of: 10)
        let isRoom = map.makeRoom(before: 11)
        let indices = [11, 12, 10].map { (number: UInt16) in map.index(of: number) }
        #expect(isRoom && indices == [102, 103, 100])
        let isTooLate = !map.makeRoom(before: 11)
        #expect(isTooLate)
        let rooms = (20..<80).filter { map.makeRoom(before: $0) }.count
        let (last, first) = (map.index(of: 79), map.index(of: 10))
        #expect(rooms == 60 && last == 100 + 69 + 61)
        #expect(first == nil, "too long ago to be told")
    }
}
