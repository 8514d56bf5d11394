import Testing
import Wire

@Suite("H.264's parameter sets")
struct ParameterSetsTests {
    private let sequence: [UInt8] = [0x67, 0x42, 0xC0, 0x1F]
    private let picture: [UInt8] = [0x68, 0xCE]

    @Test("are kept alone and together, and given as one packet")
    func kept() {
        var sets = ParameterSets()
        #expect(sets.payload == nil)
        let hasSequence = sets.receive(sequence.span)
        #expect(hasSequence && sets.payload == nil)
        let hasAnother = sets.receive(picture.span)
        #expect(!hasAnother)
        let packet: [UInt8] = [0x78, 0, 4] + sequence + [0, 2] + picture
        #expect(sets.payload == packet)
        var others = ParameterSets()
        let isFound = others.receive(packet.span)
        #expect(isFound && others == sets)
        #expect(ParameterSets([sequence, picture]) == sets)
    }

    @Test("are not read from what is cut off, or is something else")
    func malformed() {
        var sets = ParameterSets([sequence, picture])
        let before = sets
        let packets: [[UInt8]] = [
            [], [0x67], [0x65, 1, 2], [0x78, 0], [0x78, 0, 9, 0x67], [0x78, 0, 0, 0x67, 1], [0x7C, 0x87, 1],
        ]
        for bytes in packets {
            let isFound = sets.receive(bytes.span)
            #expect(!isFound && sets == before)
        }
    }
}
