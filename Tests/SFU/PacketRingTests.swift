import Testing
import Wire

@testable import SFU

@Suite("The packet ring")
struct PacketRingTests {
    private func write(_ ring: inout PacketRing, _ index: UInt64, bytes: Int = 20) -> Bool {
        [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: bytes).withUnsafeBytes {
            ring.write(index: index, timestamp: UInt32(index), marker: false, payload: $0)
        }
    }

    private func payload(_ ring: borrowing PacketRing, _ index: UInt64) -> [UInt8]? {
        ring.slot(index).map { Array(ring.payload($0)) }
    }

    @Test("gives back what it still has, and nothing that it has overwritten")
    func keeps() {
        var ring = PacketRing(capacity: 8)
        for index: UInt64 in 100...115 where index != 111 { #expect(write(&ring, index)) }
        #expect(payload(ring, 115) == [UInt8](repeating: 115, count: 20))
        #expect(payload(ring, 108) == [UInt8](repeating: 108, count: 20))
        #expect(payload(ring, 107) == nil && payload(ring, 111) == nil && payload(ring, 116) == nil)
        #expect(ring.start == 108 && ring.end == 116)
    }

    @Test("takes a late packet once, and none that is too old or too long")
    func refuses() {
        var ring = PacketRing(capacity: 8)
        for index: UInt64 in 100...110 where index != 105 { _ = write(&ring, index) }
        #expect(write(&ring, 105) && !write(&ring, 105) && !write(&ring, 102))
        #expect(!write(&ring, 111, bytes: PacketRing.payloadCapacity + 1))
        #expect(ring.end == 111)
    }

    @Test("pads a packet once, behind its payload")
    func settles() {
        var ring = PacketRing(capacity: 8)
        _ = write(&ring, 7, bytes: 3)
        guard let slot = ring.slot(7) else {
            Issue.record("not there")
            return
        }
        ring.settle(slot, toBytes: 6)
        #expect(payload(ring, 7) == [7, 7, 7, 0, 0, 3])
        ring.settle(slot, toBytes: 9)
        #expect(payload(ring, 7)?.count == 6)
    }
}
