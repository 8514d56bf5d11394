import Testing
import Wire

@testable import SFU

@Suite("The packet ring")
struct PacketRingTests {
    private func packet(_ number: UInt16) -> [UInt8] {
        [0x80, 96, UInt8(number >> 8), UInt8(number & 0xFF)] + [UInt8](repeating: 7, count: 20)
    }

    @Test("gives back what it still has, and nothing that it has overwritten")
    func keeps() {
        var ring = PacketRing(capacity: 8)
        for number in 65_530...65_545 {
            _ = ring.insert(packet(UInt16(number & 0xFFFF)), sequenceNumber: UInt16(number & 0xFFFF))
        }
        #expect(ring.packet(9) == packet(9))
        #expect(ring.packet(2) == packet(2))
        #expect(ring.packet(1) == nil)
        #expect(ring.packet(65_535) == nil)
        #expect(ring.packet(10) == nil)
    }

    @Test("tells what is missing, once, across the wrap of numbers")
    func gaps() {
        var ring = PacketRing(capacity: 64)
        #expect(ring.insert(packet(65_534), sequenceNumber: 65_534) == [])
        #expect(ring.insert(packet(1), sequenceNumber: 1) == [65_535, 0])
        #expect(ring.insert(packet(0), sequenceNumber: 0) == [])
        #expect(ring.insert(packet(2), sequenceNumber: 2) == [])
        #expect(ring.insert(packet(500), sequenceNumber: 500) == [], "a jump is no loss")
    }
}
