import TestSupport
import Testing
import Wire

@Suite("An SDP")
struct SessionDescriptionTests {
    @Test("is refused at the first line that is none")
    func malformed() {
        #expect(throws: SessionDescription.Failure.malformed(line: 1)) { try SessionDescription(parsing: "hello") }
        #expect(throws: SessionDescription.Failure.malformed(line: 2)) {
            try SessionDescription(parsing: "v=0\nm=video x UDP 96")
        }
        #expect(throws: SessionDescription.Failure.tooLarge) {
            try SessionDescription(parsing: "v=0\n" + String(repeating: "a=x\n", count: 20_000))
        }
    }

    @Test("of random bytes harms nobody")
    func noise() {
        var generator = SeededGenerator(seed: 13)
        for _ in 0..<20_000 {
            let bytes = generator.bytes(Int.random(in: 0...80, using: &generator))
            _ = try? SessionDescription(parsing: "v=0\n" + String(decoding: bytes, as: UTF8.self))
        }
    }
}
