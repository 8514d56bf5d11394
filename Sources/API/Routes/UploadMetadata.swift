internal import Foundation
import HTTPTypes
import Storage

/// The header `Upload-Metadata` (tus 1.0.0, creation): pairs of a key and a base64 value with commas between.
struct UploadMetadata {
    let mimeType: String
    let parts: [UploadPart]

    /// Throws a 400 for what isn't of that form, a 422 for parts that aren't.
    init(_ header: String) throws {
        var values: [String: String] = [:]
        for pair in header.split(separator: ",") {
            let words = pair.split(separator: " ", omittingEmptySubsequences: true)
            guard let key = words.first, words.count <= 2,
                let value = Data(base64Encoded: words.count == 2 ? String(words[1]) : "")
            else { throw Problem(.badRequest, "The header \"Upload-Metadata\" has pairs of a key and a base64 value.") }
            values[String(key)] = String(decoding: value, as: UTF8.self)
        }
        // A client that doesn't say gets what browsers record; the bytes themselves tell in the end.
        mimeType = values["filetype"] ?? RecordingFormat.webm.mimeType
        parts = try (values["parts"] ?? "").split(separator: ",").map(Self.part)
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
