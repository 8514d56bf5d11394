import Testing

@testable import API

@Suite("The scanner of WebSocket frame sizes")
struct FrameSizeScannerTests {
    /// A masked client frame (RFC 6455, 5.2) with `size` bytes of payload.
    private func frame(_ size: Int, opcode: UInt8 = 0x81) -> [UInt8] {
        var bytes: [UInt8] = [opcode]
        switch size {
        case ..<126: bytes.append(0x80 | UInt8(size))
        case ..<65_536: bytes += [0x80 | 126, UInt8(size >> 8), UInt8(size & 0xFF)]
        default: bytes += [0x80 | 127] + (0..<8).reversed().map { UInt8(truncatingIfNeeded: size >> (8 * $0)) }
        }
        bytes += [1, 2, 3, 4]
        bytes += (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        return bytes
    }

    /// Everything that passes, and how many frames were refused, when `bytes` come in runs of `run`.
    private func scan(_ bytes: [UInt8], run: Int) throws -> (passed: [UInt8], refused: Int) {
        var scanner = FrameSizeScanner(maximumBytes: 1_000, absurdBytes: 100_000)
        var (passed, refused) = ([UInt8](), 0)
        var rest = bytes[...]
        while !rest.isEmpty {
            var piece = rest.prefix(run)
            rest = rest.dropFirst(run)
            while !piece.isEmpty {
                let step = try scanner.scan(piece)
                passed += step.held
                if step.verdict == .pass { passed += piece.prefix(step.taken) }
                if step.refused { refused += 1 }
                piece = piece.dropFirst(step.taken)
            }
        }
        return (passed, refused)
    }

    @Test("passes allowed frames untouched, however they are cut", arguments: [1, 2, 3, 7, 64, 100_000])
    func passesAllowedFrames(run: Int) throws {
        let bytes = frame(0) + frame(5) + frame(125) + frame(126) + frame(1_000) + frame(0, opcode: 0x89)
        let result = try scan(bytes, run: run)
        #expect(result.passed == bytes)
        #expect(result.refused == 0)
    }

    @Test("swallows an oversized frame whole and goes on behind it", arguments: [1, 5, 64, 100_000])
    func swallowsOversizedFrames(run: Int) throws {
        let bytes = frame(10) + frame(1_001) + frame(20) + frame(70_000) + frame(30)
        let result = try scan(bytes, run: run)
        #expect(result.passed == frame(10) + frame(20) + frame(30))
        #expect(result.refused == 2)
    }

    @Test("gives up on a frame that would go on for too long")
    func refusesAbsurdFrames() {
        #expect(throws: FrameSizeScanner.Failure.absurdlyLarge) { try scan(frame(100_001), run: 16) }
        let negative: [UInt8] = [0x81, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]
        #expect(throws: FrameSizeScanner.Failure.absurdlyLarge) { try scan(negative, run: 10) }
    }
}
