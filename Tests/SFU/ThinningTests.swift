import Testing
import Wire

@testable import SFU

@Suite("What a viewer with a weak link is spared")
struct ThinningTests {
    private static let pattern: [(layer: UInt8, isSync: Bool)] = [(0, false), (2, true), (1, true), (2, false)]

    /// A show's ring with so many pictures of two packets, in three temporal layers as Chromium makes them.
    private func ring(_ pictures: Int) -> PacketRing {
        let ring = PacketRing(capacity: 1_024)
        for picture in 0..<pictures {
            let (layer, isSync) = Self.pattern[picture % 4]
            for part in 0..<2 {
                let id = UInt16(32_700 + picture) & 0x7FFF
                let payload: [UInt8] = [
                    part == 0 ? 0x90 : 0x80, 0xE0, 0x80 | UInt8(id >> 8), UInt8(id & 0xFF), UInt8(picture / 4),
                    layer << 6 | (isSync ? 0x20 : 0), 0x55, UInt8(picture),
                ]
                payload.withUnsafeBytes {
                    _ = ring.write(
                        index: UInt64(1_000 + 2 * picture + part), timestamp: UInt32(picture * 3_000),
                        marker: part == 1,
                        payload: $0)
                }
            }
        }
        return ring
    }

    private struct Sent {
        let picture: UInt8
        let layer: UInt8
        let pictureID: UInt16
    }

    /// The pictures that are sent, by their first packets.
    private func send(_ thinning: inout Thinning, _ ring: borrowing PacketRing, _ range: Range<UInt64>) -> [Sent] {
        var sent: [Sent] = []
        for index in range {
            guard let packet = ring.packet(index), case .send(let edit) = thinning.receive(packet, .vp8) else {
                continue
            }
            var payload = Array(packet.payload)
            payload.withUnsafeMutableBytes { edit.apply(to: $0) }
            guard let descriptor = VP8Descriptor(payload.span), descriptor.beginsPicture else { continue }
            sent.append(
                Sent(
                    picture: payload[7], layer: descriptor.temporalLayer ?? 0,
                    pictureID: descriptor.pictureID?.value ?? 0))
        }
        return sent
    }

    @Test(
        "every second picture, then every fourth: numbers go on without a gap, over their wrap, too", arguments: [1, 0])
    func layers(aim: Int) {
        let ring = ring(120)
        var thinning = Thinning()
        _ = send(&thinning, ring, 1_000..<1_016)
        thinning.aim = aim
        let sent = send(&thinning, ring, 1_016..<1_240)
        #expect(sent.allSatisfy { Int($0.layer) <= aim })
        #expect(sent.count == 112 / (aim == 1 ? 2 : 4))
        for (one, next) in zip(sent, sent.dropFirst()) {
            #expect(next.pictureID == (one.pictureID + 1) & 0x7FFF)
        }
    }

    @Test("goes up only where a picture needs nothing that was left out")
    func up() {
        let ring = ring(40)
        var thinning = Thinning()
        thinning.aim = 0
        _ = send(&thinning, ring, 1_000..<1_020)
        thinning.aim = 2
        // The next is the third of four, which is one to go up at.
        let sent = send(&thinning, ring, 1_020..<1_080)
        #expect(sent.first.map { Self.pattern[Int($0.picture) % 4].isSync || $0.layer == 0 } == true)
        #expect(sent.suffix(8).count(where: { $0.layer == 2 }) == 4, "all of it again")
        for (one, next) in zip(sent, sent.dropFirst()) {
            #expect(next.pictureID == (one.pictureID + 1) & 0x7FFF)
        }
    }

    @Test("finds what a viewer misses by the number that it was sent under")
    func locate() {
        var thinning = Thinning()
        thinning.note(number: 100, offset: 1_000)
        thinning.note(number: 110, offset: 1_002)
        thinning.note(number: 110, offset: 1_004)
        thinning.note(number: 130, offset: 1_010)
        #expect(thinning.locate(99) == nil)
        #expect(thinning.locate(109)?.index == 1_109)
        #expect(thinning.locate(110)?.index == 1_114)
        #expect(thinning.locate(129)?.index == 1_133)
        #expect(thinning.locate(500)?.index == 1_510)
    }

    @Test("pictures in a codec without layers are not looked into")
    func otherCodecs() {
        let ring = ring(4)
        var thinning = Thinning()
        thinning.aim = 0
        for index in UInt64(1_000)..<1_008 {
            guard let packet = ring.packet(index), case .send(let edit) = thinning.receive(packet, .h264) else {
                Issue.record("left out")
                continue
            }
            #expect(!edit.isNeeded)
        }
    }
}
