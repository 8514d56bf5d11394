import Foundation
import Testing

@testable import Load

struct ToneTests {
    private static let rate = 16_000.0

    private func check(_ sample: (Int) -> Double) -> ToneCheck {
        var check = ToneCheck(frequency: Tone.frequency, sampleRate: Self.rate, windowSamples: 1_600)
        let samples = (0..<16_000).map { Float(sample($0)) }
        samples.withUnsafeBufferPointer { check.take($0) }
        return check
    }

    private func sine(_ frequency: Double, _ amplitude: Double) -> (Int) -> Double {
        { amplitude * sin(2 * .pi * frequency * Double($0) / Self.rate) }
    }

    @Test func hearsTheTone() {
        let check = check(sine(Tone.frequency, 0.3))
        #expect(check.goodWindows == 10 && check.badWindows == 0)
    }

    @Test(arguments: [440.0, 950, 1_050, 2_000]) func hearsThatAnotherToneIsNotIt(frequency: Double) {
        #expect(check(sine(frequency, 0.3)).badWindows == 10)
    }

    @Test func hearsThatSilenceAndNoiseAreNotIt() {
        #expect(check { _ in 0 }.badWindows == 10)
        var generator = SystemRandomNumberGenerator()
        #expect(check { _ in Double.random(in: -0.5...0.5, using: &generator) }.badWindows == 10)
    }

    @Test func theToneOutlivesOpusAndItsStampIsFoundAgain() throws {
        let tone = try Tone()
        let decoder = try #require(ToneDecoder())
        for number in 0..<100 {
            var packet = try #require(tone.next())
            packet.withUnsafeMutableBytes { AudioStamp(sentAt: Int64(number), number: UInt64(number)).write(to: $0) }
            packet.withUnsafeBytes {
                #expect(AudioStamp.read($0) == AudioStamp(sentAt: Int64(number), number: UInt64(number)))
                decoder.take($0)
            }
        }
        #expect(decoder.undecodable == 0)
        #expect(decoder.check.goodWindows >= 18 && decoder.check.badWindows == 0)
    }
}
