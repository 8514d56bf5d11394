/// An RTCP compound that is being written.
package struct RTCPCompound {
    package private(set) var bytes: [UInt8] = []

    package init() {}

    /// RFC 3550, section 6.4.1.
    package mutating func senderReport(_ report: SenderReport) {
        begin(count: 0, type: 200, words: 6)
        for word in [
            report.ssrc, UInt32(report.ntp >> 32), UInt32(truncatingIfNeeded: report.ntp), report.rtp, report.packets,
            report.payloadBytes,
        ] { append(word) }
    }

    /// RFC 3550, section 6.4.2. Up to 31 blocks.
    package mutating func receiverReport(sender: UInt32, _ blocks: [ReportBlock] = []) {
        let blocks = blocks.prefix(31)
        begin(count: UInt8(blocks.count), type: 201, words: 1 + 6 * blocks.count)
        append(sender)
        for block in blocks {
            append(block.ssrc)
            append(UInt32(block.fractionLost) << 24 | UInt32(bitPattern: block.cumulativeLost) & 0xFF_FFFF)
            for word in [block.highestSequence, block.jitter, block.lastReport, block.delay] { append(word) }
        }
    }

    /// The canonical name of a source (RFC 3550, section 6.5.1): sound and picture with the same one belong together.
    package mutating func canonicalName(_ name: String, of ssrc: UInt32) {
        var item = [1, UInt8(min(255, name.utf8.count))] + Array(name.utf8.prefix(255))
        repeat { item.append(0) } while item.count % 4 != 0
        begin(count: 1, type: 202, words: 1 + item.count / 4)
        append(ssrc)
        bytes += item
    }

    /// RFC 4585, section 6.2.1.
    package mutating func nack(sender: UInt32, media: UInt32, lost: [UInt16]) {
        var pairs: [(first: UInt16, mask: UInt16)] = []
        for number in lost {
            if let last = pairs.last, (1...16).contains(number &- last.first) {
                pairs[pairs.count - 1].mask |= 1 << (number &- last.first &- 1)
            } else {
                pairs.append((number, 0))
            }
        }
        begin(count: 1, type: 205, words: 2 + pairs.count)
        append(sender)
        append(media)
        for pair in pairs { append(UInt32(pair.first) << 16 | UInt32(pair.mask)) }
    }

    /// RFC 4585, section 6.3.1.
    package mutating func pictureLossIndication(sender: UInt32, media: UInt32) {
        begin(count: 1, type: 206, words: 2)
        append(sender)
        append(media)
    }

    /// A finished packet, such as transport-wide feedback.
    package mutating func append(_ packet: [UInt8]) { bytes += packet }

    private mutating func begin(count: UInt8, type: UInt8, words: Int) {
        bytes += [0x80 | count, type, UInt8(truncatingIfNeeded: words >> 8), UInt8(truncatingIfNeeded: words)]
    }

    private mutating func append(_ word: UInt32) {
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
