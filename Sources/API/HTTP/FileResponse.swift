import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import Storage

/// Serves a file in ranges (RFC 9110, sections 13 and 14), so that a browser can seek.
struct FileResponse {
    private static let chunkBytes = 128 << 10

    let file: ReplayFile

    /// The file got shorter under our hands. What was promised can't be sent, so the connection ends.
    private struct CutShort: Error {}

    func answer(_ request: Request) throws -> Response {
        var headers: HTTPFields = [
            .contentType: file.mimeType, .eTag: file.etag, .acceptRanges: "bytes", .cacheControl: "no-cache",
        ]
        if let tags = request.headers[.ifNoneMatch], Self.matches(tags, file.etag) {
            return Response(status: .notModified, headers: headers)
        }
        guard let range = try range(of: request) else {
            headers[.contentLength] = "\(file.sizeBytes)"
            return Response(status: .ok, headers: headers, body: body(0...file.sizeBytes - 1))
        }
        headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound)/\(file.sizeBytes)"
        headers[.contentLength] = "\(range.upperBound - range.lowerBound + 1)"
        return Response(status: .partialContent, headers: headers, body: body(range))
    }

    private func body(_ range: ClosedRange<Int64>) -> ResponseBody {
        ResponseBody(contentLength: range.count) { [file] writer in
            var offset = range.lowerBound
            while offset <= range.upperBound {
                let (start, count) = (offset, Int(min(Int64(Self.chunkBytes), range.upperBound - offset + 1)))
                let bytes = try await NIOThreadPool.singleton.runIfActive { try file.read(count, at: start) }
                guard !bytes.isEmpty else { throw CutShort() }
                try await writer.write(ByteBuffer(bytes: bytes))
                offset += Int64(bytes.count)
            }
            try await writer.finish(nil)
        }
    }

    /// Nil when the whole is to be sent: no range is asked for, or one of another version of the file, or several.
    /// Throws a 416 when nothing of the range is in the file.
    private func range(of request: Request) throws -> ClosedRange<Int64>? {
        guard let header = request.headers[.range], header.hasPrefix("bytes="), !header.contains(",") else {
            return nil
        }
        if let condition = request.headers[.ifRange], condition != file.etag { return nil }
        let ends = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2 else { return nil }
        let (first, last) = (Int64(ends[0]), Int64(ends[1]))
        switch (first, last) {
        case (let first?, nil) where ends[1].isEmpty && first < file.sizeBytes: return first...file.sizeBytes - 1
        case (let first?, let last?) where first < file.sizeBytes && first <= last:
            return first...min(last, file.sizeBytes - 1)
        case (nil, let length?) where ends[0].isEmpty && length > 0:
            return max(0, file.sizeBytes - length)...file.sizeBytes - 1
        case (nil, nil): return nil
        case (let first?, let last?) where first > last: return nil
        default:
            throw Problem(
                .rangeNotSatisfiable, "The recording has \(file.sizeBytes) bytes.",
                headers: [.contentRange: "bytes */\(file.sizeBytes)"])
        }
    }

    /// RFC 9110, section 13.1.2: any of a list, or `*`; a weak tag counts as the strong one.
    static func matches(_ tags: String, _ etag: String) -> Bool {
        tags.split(separator: ",").contains { tag in
            let tag = tag.drop { $0 == " " }.prefix { $0 != " " }
            return tag == "*" || tag == etag || tag == "W/\(etag)"
        }
    }
}
