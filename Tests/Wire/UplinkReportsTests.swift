import Testing
import Wire

@Suite("What an uplink is told of its packets")
struct UplinkReportsTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func at(_ milliseconds: Int64) -> MonotonicTime { start.advanced(byMilliseconds: milliseconds) }

    /// Base and count of a report, and its first chunk.
    private func heart(_ report: [UInt8]?) -> [UInt16]? {
        report.map { report in [12, 14, 20].map { report.span.word16(at: $0) } }
    }

    @Test("a packet that was reported lost and comes late is reported as received, once")
    func revised() {
        var feedback = TransportFeedback()
        for sequence: UInt16 in [10, 11, 13] { feedback.receive(sequence, at: at(0)) }
        #expect(heart(feedback.build(sender: 1, media: 2))?.prefix(2) == [10, 4])
        feedback.receive(12, at: at(30))
        feedback.receive(14, at: at(31))
        feedback.receive(11, at: at(32))
        let late = heart(feedback.build(sender: 1, media: 2))
        #expect(late == [12, 1, 0xD000], "one packet, received")
        #expect(heart(feedback.build(sender: 1, media: 2))?.prefix(2) == [14, 1])
        feedback.receive(12, at: at(40))
        #expect(feedback.build(sender: 1, media: 2) == nil)
    }

    @Test("a lost packet is asked for again when an answer could have come, and not before")
    func roundTrip() {
        func requests(roundTripMS: Int64) -> [Int64] {
            var missing = MissingPackets()
            missing.receive(1, at: at(0))
            missing.receive(3, at: at(0))
            return (0..<500).filter { !missing.due(at: at($0), roundTripMS: roundTripMS).isEmpty }
        }
        #expect(requests(roundTripMS: 10).prefix(3) == [5, 45, 85])
        #expect(requests(roundTripMS: 200) == [5, 255])
    }

    @Test("whose leave a BYE takes")
    func goodbye() {
        let bye: [UInt8] = [0x82, 203, 0, 2, 0, 0, 0, 7, 0, 0, 1, 0]
        #expect(RTCPPacket.parse(bye) == [.goodbye(sources: [7, 256])])
        #expect(RTCPPacket.parse([0x9F, 203, 0, 1, 0, 0, 0, 7]) == [.goodbye(sources: [7])], "more than there are")
        #expect(RTCPPacket.parse([0x80, 203, 0, 0]) == [.goodbye(sources: [])])
    }

    @Test("a retransmission gives back the lost packet's header, a probe none")
    func repaired() throws {
        let packet: [UInt8] = [0x80, 0xE1, 0, 9, 0, 0, 0, 5, 0, 0, 0, 4, 1, 2, 9, 9]
        let header = try #require(RTPHeader(packet))
        let found = header.repaired(payloadType: 96, ssrc: 3, in: packet.span)
        let original = try #require(found)
        #expect(original.sequenceNumber == 0x0102 && original.payloadType == 96 && original.ssrc == 3)
        #expect(original.marker && original.timestamp == 5 && original.headerBytes == 14 && original.payloadBytes == 2)
        let probe = Array(packet.prefix(14))
        let nothing = try #require(RTPHeader(probe))
        let isNothing = nothing.repaired(payloadType: 96, ssrc: 3, in: probe.span) == nil
        #expect(isNothing)
    }
}
