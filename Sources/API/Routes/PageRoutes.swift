internal import Foundation
import Gzip
import HTTPTypes
import Hummingbird
import NIOCore
import Web

/// The web apps: three pages, and under `/assets/` everything that they load.
///
/// The files are read once at start: a path either names one of them or nothing at all, so no path can lead out.
///
/// Pages name what they load with this release's fingerprint in the path (`/assets/1f3a…/watch/watch.js`), and so do
/// the modules, whose imports are relative. Such a file never changes: browsers keep it and need not ask again.
///
/// Each is compressed once, at start, for those who take it so.
struct PageRoutes {
    /// What a client can be sent of an asset. Each has a tag of its own (RFC 9110, section 8.8.3).
    private struct Form: Sendable {
        let body: ByteBuffer
        let etag: String
    }

    private struct Asset: Sendable {
        let contentType: String
        let plain: Form
        /// Nil when it would be no smaller.
        let gzipped: Form?
    }

    private let assets: [String: Asset]
    private let release: String

    /// Throws when the files that belong to this program can't be read.
    init() throws {
        let files = try WebFiles.all()
        let release = Self.fingerprint(files.lazy.flatMap(\.contents))
        self.release = release
        assets = Dictionary(uniqueKeysWithValues: files.map { ($0.path, Self.asset($0, release: release)) })
    }

    private static func asset(_ file: WebFiles.File, release: String) -> Asset {
        var contents = file.contents
        if file.path.hasSuffix(".html") {
            let page = String(decoding: contents, as: UTF8.self)
            contents = Data(page.replacingOccurrences(of: "\"/assets/", with: "\"/assets/\(release)/").utf8)
        }
        let tag = fingerprint(contents)
        let gzipped = Gzip.compress([UInt8](contents)).flatMap { $0.count < contents.count ? $0 : nil }
        return Asset(
            contentType: contentType(of: file.path),
            plain: Form(body: ByteBuffer(bytes: contents), etag: "\"\(tag)\""),
            gzipped: gzipped.map { Form(body: ByteBuffer(bytes: $0), etag: "\"\(tag)-gzip\"") })
    }

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/") { request, _ in try answer("home/index.html", request) }
        router.get("/watch/{id}") { request, _ in try answer("watch/index.html", request) }
        router.get("/admin") { request, _ in
            guard request.uri.path.hasSuffix("/") else {
                return Response(status: .permanentRedirect, headers: [.location: "/admin/"])
            }
            return try answer("admin/index.html", request)
        }
        router.get("/favicon.ico") { request, _ in try answer("shared/favicon.svg", request) }
        router.get("/assets/**") { request, context in
            let path = context.parameters.getCatchAll()
            let isOfRelease = path.first == release[...]
            return try answer((isOfRelease ? path.dropFirst() : path[...]).joined(separator: "/"), request, isOfRelease)
        }
    }

    /// What may change with a release, browsers keep too, but ask each time whether it is still the same.
    private func answer(_ path: String, _ request: Request, _ isOfRelease: Bool = false) throws -> Response {
        guard let asset = assets[path] else { throw Problem(.notFound, "There is nothing at this path.") }
        let keeping = isOfRelease ? "public, max-age=31536000, immutable" : "no-cache"
        let gzipped = AcceptedEncodings(request.headers).takesGzip ? asset.gzipped : nil
        let form = gzipped ?? asset.plain
        var headers: HTTPFields = [.contentType: asset.contentType, .eTag: form.etag, .cacheControl: keeping]
        if asset.gzipped != nil { headers[.vary] = "Accept-Encoding" }
        if let tags = request.headers[.ifNoneMatch], FileResponse.matches(tags, form.etag) {
            return Response(status: .notModified, headers: headers)
        }
        if gzipped != nil { headers[.contentEncoding] = "gzip" }
        headers[.contentLength] = "\(form.body.readableBytes)"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: form.body))
    }

    private static func contentType(of path: String) -> String {
        switch path.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        case "png": "image/png"
        case "woff2": "font/woff2"
        case "json", "webmanifest": "application/json"
        default: "application/octet-stream"
        }
    }

    /// FNV-1a, 64 bits: tells one release's file from another's.
    private static func fingerprint(_ contents: some Sequence<UInt8>) -> String {
        let hash = contents.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
