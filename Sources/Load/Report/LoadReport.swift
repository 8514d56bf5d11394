package import Foundation

/// What a run has shown. As JSON its keys are in `snake_case`; durations are in the unit that the key names.
package struct LoadReport: Codable, Sendable {
    package struct Viewers: Codable, Sendable {
        package var asked = 0
        /// Had a whole key frame.
        package var joined = 0
        package var verifying = 0
        package var failed = 0
        /// How many failed for which reason.
        package var failures: [String: Int] = [:]
    }

    package struct Joins: Codable, Sendable {
        package var connectedMs: Distribution?
        package var firstMediaMs: Distribution?
        package var firstKeyFrameMs: Distribution?
    }

    package struct Delivery: Codable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var packetsPerSecond = 0.0
        package var bitsPerSecond = 0.0
        /// By the sequence numbers that the viewers saw.
        package var expected: UInt64 = 0
        /// Never came, nor were they sent again.
        package var lost: UInt64 = 0
        package var lostPercent = 0.0
        package var repaired: UInt64 = 0
        package var late: UInt64 = 0
        package var duplicates: UInt64 = 0
        package var restarts: UInt64 = 0
        package var strangers: UInt64 = 0
        /// Of what the publisher sent in the same time, for each viewer that joined; nil without a publisher.
        package var ofPublishedPercent: Double?
    }

    /// Viewers behind links of their own (`--weak`); what their links lose is in `lost`.
    package struct Weak: Codable, Sendable {
        package var viewers = 0
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        /// Of each.
        package var bitsPerSecond = 0.0
        package var expected: UInt64 = 0
        package var lost: UInt64 = 0
        package var repaired: UInt64 = 0
    }

    /// The share of seconds with at least twelve new frames that could be decoded, and no gap of 500 ms.
    package struct Watchable: Codable, Sendable {
        package var all: Double?
        package var weak: Double?
        package var others: Double?
    }

    package struct Latencies: Codable, Sendable {
        package var videoUs: Distribution?
        package var frameEndUs: Distribution?
        package var audioUs: Distribution?
        package var jitterUs: Distribution?
    }

    package struct Verification: Codable, Sendable {
        package var packets: UInt64 = 0
        package var forged: UInt64 = 0
        package var corrupt: UInt64 = 0
        package var misplaced: UInt64 = 0
        package var undecodable: UInt64 = 0
        package var toneWindows: UInt64 = 0
        package var badToneWindows: UInt64 = 0
    }

    package struct Published: Codable, Sendable {
        package var packets: UInt64 = 0
        package var bytes: UInt64 = 0
        package var keyFrames: UInt64 = 0
        package var keyFrameRequests: UInt64 = 0
        package var nacked: UInt64 = 0
        package var resent: UInt64 = 0
        package var skippedFrames: UInt64 = 0
        package var refusedSends: UInt64 = 0
    }

    package struct Server: Codable, Sendable {
        package var cpuSeconds = 0.0
        /// Of one processor.
        package var cpuPercent = 0.0
        package var cpuSecondsPerMillionPackets: Double?
        package var packetsPerCpuSecond: Double?
        package var residentBytesBefore: UInt64?
        package var residentBytes: UInt64?
        package var residentBytesPerViewer: Double?
    }

    package struct Generator: Codable, Sendable {
        package var cpuSeconds = 0.0
        package var busiestThreadPercent = 0.0
        /// Of the processors that it may use.
        package var cpuPercent = 0.0
        /// The same with what others did on them; nil when it may use all.
        package var corePercent: Double?
        package var nanosecondsPerPacket: Double?
        /// Lost in its own full sockets.
        package var droppedPackets: UInt64 = 0
        package var rampSeconds = 0.0
    }

    package var valid = true
    /// Why the figures say more of the generator than of the server.
    package var invalidReasons: [String] = []
    /// What the server did wrong.
    package var faults: [String] = []
    package var interrupted = false
    package var durationSeconds = 0.0
    package var viewers = Viewers()
    package var joins = Joins()
    /// To viewers without links of their own.
    package var delivery = Delivery()
    package var weak: Weak?
    package var watchable = Watchable()
    package var latency = Latencies()
    package var verification = Verification()
    package var publisher: Published?
    package var server: Server?
    package var generator = Generator()

    package init() {}

    package func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return try encoder.encode(self)
    }
}
