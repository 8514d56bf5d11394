internal import Foundation
import HTTPTypes
import Storage
import Wire

/// The header `Upload-Metadata` (tus 1.0.0, creation): pairs of a key and a base64 value with commas between; a key may
/// stand alone. Keys that nobody knows here are kept for the client.
struct UploadMetadata {
    private static let maximumBytes = 4 << 10

    private let values: [String: String]
    let header: String?

    /// Throws a 400 for what isn't of that form.
    init(_ header: String?) throws {
        self.header = header
        guard (header ?? "").utf8.count <= Self.maximumBytes else {
            throw Problem(.badRequest, "The header \"Upload-Metadata\" has \(Self.maximumBytes) bytes at most.")
        }
        var values: [String: String] = [:]
        for pair in (header ?? "").split(separator: ",") {
            let words = pair.split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard let key = words.first.map(String.init), words.count <= 2, values[key] == nil,
                let value = Data(base64Encoded: words.count == 2 ? Self.padded(words[1]) : "")
            else {
                throw Problem(
                    .badRequest, "The header \"Upload-Metadata\" has pairs of a key and a base64 value, each key once.")
            }
            values[key] = String(decoding: value, as: UTF8.self)
        }
        self.values = values
    }

    /// Some leave the padding out.
    private static func padded(_ text: Substring) -> String {
        text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    }

    /// Throws a 422 for what isn't allowed.
    func plan(length: Int64) throws -> UploadPlan {
        let run = try run()
        var parts = try (values["parts"] ?? "").split(separator: ",").map(Self.part)
        if run != nil {
            guard parts.isEmpty else { throw Problem.invalid("A run is one part: leave \"parts\" out.") }
            parts = [UploadPart(sizeBytes: length, startMS: try startsAtMS())]
        }
        // A client that doesn't say gets what browsers record; the bytes themselves tell in the end.
        return UploadPlan(
            length: length, mimeType: values["filetype"] ?? values["type"] ?? RecordingFormat.webm.mimeType,
            parts: parts, run: run, metadata: header)
    }

    private func run() throws -> RecordingRun.Key? {
        guard values["device"] != nil || values["run"] != nil else { return nil }
        guard let device = values["device"], let number = values["run"].flatMap({ Int($0) }),
            let key = RecordingRun.Key(device: device, run: number)
        else {
            throw Problem.invalid(
                "\"device\" in \"Upload-Metadata\" is an identifier, and \"run\" is 1 to \(RecordingRun.Key.allowedRuns.upperBound)."
            )
        }
        return key
    }

    private func startsAtMS() throws -> Int64 {
        guard let start = (values["starts_at_ms"] ?? "0").isEmpty ? 0 : Int64(values["starts_at_ms"] ?? "0"),
            RecordingRuns.allowedStart.contains(start)
        else {
            throw Problem.invalid("\"starts_at_ms\" in \"Upload-Metadata\" lies within 24 hours of the show's clock.")
        }
        return start
    }

    /// `sizeBytes@startMS`
    private static func part(_ text: Substring) throws -> UploadPart {
        let numbers = text.split(separator: "@", omittingEmptySubsequences: false).map { Int64($0) }
        guard numbers.count == 2, let size = numbers[0], let start = numbers[1] else {
            throw Problem.invalid("\"parts\" in \"Upload-Metadata\" is a list of SIZE@START with commas between.")
        }
        return UploadPart(sizeBytes: size, startMS: start)
    }
}
