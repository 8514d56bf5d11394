/// One run of a device's recorder, from its start to its end.
package struct RecordingRun: Codable, Equatable, Sendable {
    package enum Status: String, Codable, Sendable {
        /// The device says that it records, or has recorded.
        case announced
        case uploading
        /// All of it is here.
        case whole
        /// The replay was made without it. It may still come.
        case givenUp = "given_up"
    }

    package var key: Key
    /// Where it begins on the stream's clock, in milliseconds.
    package var startsAtMS: Int64
    /// 0 until the replay is made.
    package var durationMS: Int64
    package var status: Status

    /// Which one: a device counts its own.
    package struct Key: Hashable, Sendable {
        package static let allowedRuns = 1...1_000
        package let device: String
        package let run: Int

        /// Nil for a device that is no identifier (docs/protocol.md), or a number out of bounds.
        package init?(device: String, run: Int) {
            guard Self.allowedRuns.contains(run), StreamID(device) != nil else { return nil }
            self.device = device
            self.run = run
        }
    }

    private enum CodingKeys: String, CodingKey {
        case device, run, status
        case startsAtMS = "starts_at_ms"
        case durationMS = "duration_ms"
    }

    package init(key: Key, startsAtMS: Int64, durationMS: Int64 = 0, status: Status) {
        self.key = key
        self.startsAtMS = startsAtMS
        self.durationMS = durationMS
        self.status = status
    }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let key = Key(
            device: try container.decode(String.self, forKey: .device),
            run: try container.decode(Int.self, forKey: .run))
        guard let key else {
            throw DecodingError.dataCorruptedError(forKey: .run, in: container, debugDescription: "no run")
        }
        self.key = key
        startsAtMS = try container.decode(Int64.self, forKey: .startsAtMS)
        durationMS = try container.decode(Int64.self, forKey: .durationMS)
        status = try container.decode(Status.self, forKey: .status)
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(key.device, forKey: .device)
        try container.encode(key.run, forKey: .run)
        try container.encode(startsAtMS, forKey: .startsAtMS)
        try container.encode(durationMS, forKey: .durationMS)
        try container.encode(status, forKey: .status)
    }
}

/// The runs of a show's recorders: which are expected, which are here, and when they make a replay.
package struct RecordingRuns: Equatable, Sendable {
    /// More would be a recorder that fails all the time.
    package static let limit = 200
    package static let allowedStart: ClosedRange<Int64> = 0...24 * 3_600_000

    /// In the order in which they begin.
    package private(set) var all: [RecordingRun]

    package init(_ all: [RecordingRun] = []) {
        self.all = all
        sort()
    }

    package var isEmpty: Bool { all.isEmpty }
    package subscript(_ key: RecordingRun.Key) -> RecordingRun? { all.first { $0.key == key } }

    /// Nothing that is expected is missing.
    package var isComplete: Bool { all.allSatisfy { $0.status == .whole || $0.status == .givenUp } }
    package var hasWhole: Bool { all.contains { $0.status == .whole } }

    /// What can be said of the recording while it isn't made.
    package var status: Recording.Status {
        if all.contains(where: { $0.status == .uploading }) { return .uploading }
        return isComplete && hasWhole ? .processing : .waiting
    }

    /// A device records. False when there are too many already.
    package mutating func announce(_ key: RecordingRun.Key, startsAtMS: Int64) -> Bool {
        expect(key, startsAtMS: startsAtMS, .announced) { _ in nil }
    }

    /// Its upload begins. One that was given up stays so until all of it is here: nobody waits for it any more.
    package mutating func begin(_ key: RecordingRun.Key, startsAtMS: Int64) -> Bool {
        expect(key, startsAtMS: startsAtMS, .uploading) { $0 == .announced ? .uploading : nil }
    }

    package mutating func finish(_ key: RecordingRun.Key) { change(key) { $0.status = .whole } }

    package mutating func note(durationMS: Int64, of key: RecordingRun.Key) {
        change(key) { $0.durationMS = durationMS }
    }

    /// Its upload has ended before all of it was here.
    package mutating func giveUp(_ key: RecordingRun.Key) {
        change(key) { if $0.status != .whole { $0.status = .givenUp } }
    }

    /// The replay is made without what is missing.
    package mutating func giveUpRest() {
        for run in all { giveUp(run.key) }
    }

    private mutating func expect(
        _ key: RecordingRun.Key, startsAtMS: Int64, _ status: RecordingRun.Status,
        _ next: (RecordingRun.Status) -> RecordingRun.Status?
    ) -> Bool {
        if let index = all.firstIndex(where: { $0.key == key }) {
            all[index].status = next(all[index].status) ?? all[index].status
            if all[index].status != .whole { all[index].startsAtMS = startsAtMS }
        } else {
            guard all.count < Self.limit else { return false }
            all.append(RecordingRun(key: key, startsAtMS: startsAtMS, status: status))
        }
        sort()
        return true
    }

    private mutating func change(_ key: RecordingRun.Key, _ body: (inout RecordingRun) -> Void) {
        guard let index = all.firstIndex(where: { $0.key == key }) else { return }
        body(&all[index])
    }

    private mutating func sort() {
        all.sort { ($0.startsAtMS, $0.key.device, $0.key.run) < ($1.startsAtMS, $1.key.device, $1.key.run) }
    }
}

extension RecordingRuns: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode([RecordingRun].self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(all)
    }
}
