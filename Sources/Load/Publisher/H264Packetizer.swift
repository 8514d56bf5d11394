/// RFC 6184, packetization mode 1: a picture's NAL units, each alone or cut into FU-A fragments.
enum H264Packetizer {
    private static let maximumPayloadBytes = 1_150

    static func payloads(_ picture: [UInt8]) -> [[UInt8]] { units(picture).flatMap(payloads(ofUnit:)) }

    /// The NAL units between the start codes of Annex B.
    static func units(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var starts: [(code: Int, unit: Int)] = []
        var number = 0
        while number + 2 < bytes.count {
            if bytes[number] == 0, bytes[number + 1] == 0, bytes[number + 2] == 1 {
                starts.append((number, number + 3))
                number += 3
            } else {
                number += 1
            }
        }
        return starts.indices.compactMap { index in
            var end = index + 1 < starts.count ? starts[index + 1].code : bytes.count
            // A start code of four bytes, or zeros behind a unit (annex B, section B.1).
            while end > starts[index].unit, bytes[end - 1] == 0 { end -= 1 }
            return end > starts[index].unit ? bytes[starts[index].unit..<end] : nil
        }
    }

    /// Section 5.8: the unit's head is split over the fragment's two.
    private static func payloads(ofUnit unit: ArraySlice<UInt8>) -> [[UInt8]] {
        guard unit.count > maximumPayloadBytes, let head = unit.first else { return [Array(unit)] }
        let room = maximumPayloadBytes - 2
        let (first, end) = (unit.startIndex + 1, unit.endIndex)
        return stride(from: first, to: end, by: room).map { start in
            let stop = min(end, start + room)
            let flags: UInt8 = (start == first ? 0x80 : 0) | (stop == end ? 0x40 : 0)
            return [head & 0xE0 | 28, flags | head & 0x1F] + unit[start..<stop]
        }
    }
}
