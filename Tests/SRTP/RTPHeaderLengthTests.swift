import TestSupport
import Testing

@testable import SRTP

@Suite("The length of an RTP header")
struct RTPHeaderLengthTests {
    private func length(_ packet: [UInt8]) -> Int? { packet.withUnsafeBytes { RTPHeaderLength.of($0) } }

    @Test("counts contributors and extension")
    func lengths() {
        for contributors in 0...15 {
            for words in [nil, 0, 1, 200] {
                let header = TestPackets.header(
                    sequence: 1, ssrc: 1, contributors: contributors, extensionWords: words)
                #expect(length(header) == header.count)
                #expect(length(header + [1, 2, 3]) == header.count)
                for cut in 0..<header.count { #expect(length(Array(header.prefix(cut))) == nil) }
            }
        }
    }

    @Test("isn't known of what is no version 2", arguments: [0x00, 0x40, 0xC0] as [UInt8])
    func version(firstByte: UInt8) {
        #expect(length([firstByte] + [UInt8](repeating: 0, count: 99)) == nil)
    }
}
