import Testing

@testable import Storage

@Suite("BSON")
struct BSONTests {
    /// From bsonspec.org's questions.
    @Test("writes the specification's examples")
    func specification() throws {
        let hello: [UInt8] =
            [0x16, 0, 0, 0, 0x02] + Array("hello\0".utf8) + [6, 0, 0, 0] + Array("world\0".utf8) + [0]
        #expect(BSONDocument([("hello", "world")]).bytes == hello)
        let array: [UInt8] =
            [0x31, 0, 0, 0, 0x04] + Array("BSON\0".utf8) + [0x26, 0, 0, 0, 0x02, 0x30, 0, 8, 0, 0, 0]
            + Array("awesome\0".utf8) + [0x01, 0x31, 0, 0x33, 0x33, 0x33, 0x33, 0x33, 0x33, 0x14, 0x40]
            + [0x10, 0x32, 0, 0xC2, 0x07, 0, 0, 0, 0]
        let document: BSONDocument = ["BSON": ["awesome", .double(5.05), .int32(1986)]]
        #expect(document.bytes == array)
        #expect(try BSONDocument(bytes: array) == document)
    }

    @Test("gives back what it wrote, whatever it was", arguments: 0..<50)
    func roundTrip(seed: UInt64) throws {
        var generator = Generator(state: seed)
        for _ in 0..<40 {
            let document = generator.document(depth: 4)
            #expect(try BSONDocument(bytes: document.bytes) == document)
        }
    }

    @Test("refuses what is cut off or longer than it says")
    func cut() throws {
        var generator = Generator(state: 7)
        let bytes = generator.document(depth: 4).bytes
        for length in 0..<bytes.count {
            #expect(throws: BSONError.self) { try BSONDocument(bytes: Array(bytes[..<length])) }
        }
        #expect(throws: BSONError.self) { try BSONDocument(bytes: bytes + [0]) }
    }

    @Test("reads or refuses bytes that were changed on the way, and never more than there are", arguments: 0..<20)
    func flipped(seed: UInt64) {
        var generator = Generator(state: seed)
        var refused = 0
        for _ in 0..<500 {
            var bytes = generator.document(depth: 3).bytes
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if (try? BSONDocument(bytes: bytes)) == nil { refused += 1 }
        }
        #expect(refused > 0)
    }

    @Test("refuses a document that is nested to fill the stack")
    func deep() {
        var value = BSONValue.null
        for _ in 0..<100 { value = ["": value] }
        let bytes = BSONDocument([("", value)]).bytes
        #expect(throws: BSONError.self) { try BSONDocument(bytes: bytes) }
    }

    @Test("takes a whole number in any of the three types, and no other")
    func integers() {
        #expect(BSONValue.int32(5).integer == 5 && BSONValue.int64(5).integer == 5 && BSONValue.double(5).integer == 5)
        #expect(BSONValue.double(5.5).integer == nil && BSONValue.double(.nan).integer == nil)
        #expect(BSONValue.string("5").integer == nil && BSONValue.double(1e300).integer == nil)
    }
}

/// SplitMix64, and documents made with it.
private struct Generator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }

    mutating func document(depth: Int) -> BSONDocument {
        BSONDocument((0..<Int.random(in: 1...6, using: &self)).map { ("key\($0)é", value(depth: depth)) })
    }

    private mutating func value(depth: Int) -> BSONValue {
        switch Int.random(in: depth > 0 ? 0...10 : 2...10, using: &self) {
        case 0: return .document(document(depth: depth - 1))
        case 1: return .array((0..<Int.random(in: 0...12, using: &self)).map { _ in value(depth: depth - 1) })
        case 2: return .double(Double.random(in: -1e9...1e9, using: &self))
        case 3:
            return .string(
                ["", "Grüße 👋", "a\0b", String(repeating: "x", count: 300)][Int.random(in: 0...3, using: &self)])
        case 4: return .bool(Bool.random(using: &self))
        case 5: return .dateTime(Int64.random(in: .min ... .max, using: &self))
        case 6: return .null
        case 7: return .int32(Int32.random(in: .min ... .max, using: &self))
        case 8: return .int64(Int64.random(in: .min ... .max, using: &self))
        case 9: return .other(type: 0x07, bytes: (0..<12).map { _ in UInt8.random(in: 0...255, using: &self) })
        default: return .other(type: 0x05, bytes: [3, 0, 0, 0, 0, 1, 2, 3])
        }
    }
}
