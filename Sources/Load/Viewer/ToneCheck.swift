private import Foundation

/// Whether sound is the tone that it should be: Goertzel's filter says how much of its power is at one frequency.
struct ToneCheck {
    /// Of a pure tone it is 1; what Opus leaves of one at 32 kb/s is more than 0.95.
    static let leastShare = 0.8
    /// A tone that can't be heard is none.
    private static let leastPower = 1e-4

    private let coefficient: Double
    private let windowSamples: Int
    private var before = 0.0
    private var twoBefore = 0.0
    private var power = 0.0
    private var count = 0
    private(set) var goodWindows = 0
    private(set) var badWindows = 0

    /// A window should hold whole periods of the tone.
    init(frequency: Double, sampleRate: Double, windowSamples: Int) {
        coefficient = 2 * cos(2 * .pi * frequency / sampleRate)
        self.windowSamples = windowSamples
    }

    mutating func take(_ samples: UnsafeBufferPointer<Float>) {
        for sample in samples {
            let value = Double(sample)
            let next = value + coefficient * before - twoBefore
            twoBefore = before
            before = next
            power += value * value
            count += 1
            if count == windowSamples { finish() }
        }
    }

    private mutating func finish() {
        let magnitude = before * before + twoBefore * twoBefore - coefficient * before * twoBefore
        // Of a sine of amplitude a the filter gives (a n / 2)², and its samples' squares add up to a² n / 2.
        let share = power > 0 ? 2 * magnitude / (Double(count) * power) : 0
        if share >= Self.leastShare, power / Double(count) >= Self.leastPower {
            goodWindows += 1
        } else {
            badWindows += 1
        }
        (before, twoBefore, power, count) = (0, 0, 0, 0)
    }
}
