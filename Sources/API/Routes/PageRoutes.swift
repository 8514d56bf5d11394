internal import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Web

/// The web apps: three pages, and under `/assets/` everything that they load.
///
/// The files are read once at start: a path either names one of them or nothing at all, so no path can lead out.
struct PageRoutes {
    private struct Asset: Sendable {
        let body: ByteBuffer
        let contentType: String
        let etag: String
    }

    private let assets: [String: Asset]

    /// Throws when the files that belong to this program can't be read.
    init() throws {
        var assets: [String: Asset] = [:]
        for file in try WebFiles.all() {
            assets[file.path] = Asset(
                body: ByteBuffer(bytes: file.contents), contentType: Self.contentType(of: file.path),
                etag: "\"\(Self.fingerprint(file.contents))\"")
        }
        self.assets = assets
    }

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/") { request, _ in try page("home/index.html", request) }
        router.get("/watch/{id}") { request, _ in try page("watch/index.html", request) }
        router.get("/admin") { request, _ in
            guard request.uri.path.hasSuffix("/") else {
                return Response(status: .permanentRedirect, headers: [.location: "/admin/"])
            }
            return try page("admin/index.html", request)
        }
        router.get("/favicon.ico") { request, _ in try page("shared/favicon.svg", request) }
        router.get("/assets/**") { request, context in
            try page(context.parameters.getCatchAll().joined(separator: "/"), request)
        }
    }

    /// Browsers keep a file and ask each time whether it is still the same: a new release is seen at once.
    private func page(_ path: String, _ request: Request) throws -> Response {
        guard let asset = assets[path] else { throw Problem(.notFound, "There is nothing at this path.") }
        var headers: HTTPFields = [.contentType: asset.contentType, .eTag: asset.etag, .cacheControl: "no-cache"]
        if request.headers[.ifNoneMatch] == asset.etag { return Response(status: .notModified, headers: headers) }
        headers[.contentLength] = "\(asset.body.readableBytes)"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: asset.body))
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
    private static func fingerprint(_ contents: Data) -> String {
        let hash = contents.reduce(0xcbf2_9ce4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
        return String(hash, radix: 16)
    }
}
