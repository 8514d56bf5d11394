import Foundation
import Synchronization
import Testing
import Wire

@testable import SFU

@Suite("The packet ring")
struct PacketRingTests {
    /// A ring that can be passed around, as test macros want it.
    private final class Ring: @unchecked Sendable {  // as `PacketRing` is
        let storage: PacketRing

        init(capacity: Int) { storage = PacketRing(capacity: capacity) }

        func write(_ index: UInt64, bytes: Int = 20) -> Bool {
            [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: bytes).withUnsafeBytes {
                storage.write(index: index, timestamp: UInt32(index), marker: false, payload: $0)
            }
        }

        func packet(_ index: UInt64) -> RingPacket? { storage.packet(index) }
        func payload(_ index: UInt64) -> [UInt8]? { packet(index).map { Array($0.payload) } }
        var range: Range<UInt64> { storage.start..<storage.end }
    }

    private final class Readers: Sendable {
        let count = Atomic(2)
        let mixed = Atomic(0)
    }

    @Test("gives back what it still has, and nothing that it has overwritten")
    func keeps() {
        let ring = Ring(capacity: 8)
        for index: UInt64 in 100...115 where index != 111 { #expect(ring.write(index)) }
        #expect(ring.payload(115) == [UInt8](repeating: 115, count: 20))
        #expect(ring.payload(108) == [UInt8](repeating: 108, count: 20))
        #expect(ring.payload(107) == nil && ring.payload(111) == nil && ring.payload(116) == nil)
        #expect(ring.range == 108..<116)
    }

    @Test("takes a late packet once, and none that is too old or too long")
    func refuses() {
        let ring = Ring(capacity: 8)
        for index: UInt64 in 100...110 where index != 105 { _ = ring.write(index) }
        #expect(ring.write(105) && !ring.write(105) && !ring.write(102))
        #expect(!ring.write(111, bytes: PacketRing.payloadCapacity + 1))
        #expect(ring.range.upperBound == 111)
    }

    @Test("pads a packet behind its payload, and only where it can")
    func pads() {
        let ring = Ring(capacity: 8)
        _ = ring.write(7, bytes: 3)
        ring.storage.pad(7, toBytes: 6)
        #expect(ring.payload(7) == [7, 7, 7, 0, 0, 3])
        _ = ring.write(8, bytes: 3)
        ring.storage.pad(8, toBytes: 3)
        ring.storage.pad(8, toBytes: 3 + PacketRing.maximumPadding + 1)
        ring.storage.pad(9, toBytes: 6)
        #expect(ring.payload(8) == [8, 8, 8] && ring.payload(9) == nil)
    }

    @Test("tells a reader that what it reads has been overwritten")
    func overtakes() throws {
        let ring = Ring(capacity: 8)
        for index: UInt64 in 100...107 { _ = ring.write(index) }
        let old = try #require(ring.packet(100))
        let next = try #require(ring.packet(101))
        #expect(old.isIntact)
        _ = ring.write(108)
        #expect(!old.isIntact && next.isIntact && ring.packet(100) == nil)
    }

    @Test("never gives a reader on another thread what was half written")
    func threads() {
        let ring = Ring(capacity: 64)
        let readers = Readers()
        for _ in 0..<2 {
            // Of their own: on threads that all tests share a reader may only begin when the writer is done.
            Thread.detachNewThread {
                var intact = 0
                while intact < 20_000 {
                    let index = ring.storage.start  // which has no packet before the first is written
                    guard let packet = ring.packet(index) else { continue }
                    let isWhole = packet.payload.allSatisfy { $0 == UInt8(truncatingIfNeeded: index) }
                    guard packet.isIntact else { continue }
                    intact += 1
                    if !isWhole { readers.mixed.add(1, ordering: .relaxed) }
                }
                readers.count.subtract(1, ordering: .relaxed)
            }
        }
        var index: UInt64 = 1
        while readers.count.load(ordering: .relaxed) > 0 {
            _ = ring.write(index, bytes: 600)
            index += 1
        }
        #expect(readers.mixed.load(ordering: .relaxed) == 0)
    }

    @Test("evens a frame's packets out but for its last, and leaves alone what differs too much")
    func evens() {
        let ring = Ring(capacity: 32)
        let sizes = [1_100, 1_090, 1_100, 400, 300, 310, 305]
        for (number, bytes) in sizes.enumerated() { _ = ring.write(100 + UInt64(number), bytes: bytes) }
        SegmentShaper.even(ring.storage, 100..<107)
        let after = (100..<107).map { ring.packet($0)?.payload.count }
        #expect(after == [1_100, 1_100, 1_100, 400, 310, 310, 305])
    }
}
