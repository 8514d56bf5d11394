internal import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Wire

/// `/api/livestreams/{id}/recording`: its upload by tus 1.0.0 (core, creation, termination, expiration), and the replay.
struct RecordingRoutes {
    let recordings: RecordingLibrary
    let store: any LivestreamStore
    let access: ShowAccess
    let admin: AdminMiddleware

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/api/livestreams/{id}/recording", use: replay)
        for path in ["/api/livestreams/{id}/recording", "/api/livestreams/{id}/recording/uploads/{upload_id}"] {
            router.on(RouterPath(path), method: .options, use: options)
        }
        router.group("/api/livestreams/{id}/recording").add(middleware: admin).post("finish", use: finish)
        router.group("/api/livestreams/{id}/recording").add(middleware: admin).add(middleware: TusMiddleware())
            .post(use: create)
            .head("uploads/{upload_id}", use: offset)
            .patch("uploads/{upload_id}", use: append)
            .delete("uploads/{upload_id}", use: cancel)
            .post("uploads/{upload_id}", use: override)
    }

    @Sendable private func options(_ request: Request, context: VitrineContext) async throws -> Response {
        Response(
            status: .noContent,
            headers: [
                .tusVersion: TusVersionMiddleware.version, .tusExtension: "creation,termination,expiration",
                .tusMaxSize: "\(recordings.maximumBytes)",
            ])
    }

    /// Makes the replay of what is here.
    @Sendable private func finish(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        do {
            try await recordings.finishRuns(of: id)
        } catch .notFound {
            throw Problem.notFound("livestream")
        } catch {
            throw Problem(error)
        }
        return try JSON.response(access.shown(try await store.livestream(id)), status: .accepted)
    }

    @Sendable private func create(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        _ = try await store.livestream(id)
        guard request.headers[.uploadDeferLength] == nil else {
            throw Problem(.badRequest, "The length must be known before: send \"Upload-Length\".")
        }
        guard let length = request.headers[.uploadLength].flatMap({ Int64($0) }) else {
            throw Problem(.badRequest, "The header \"Upload-Length\" tells the length of the whole in bytes.")
        }
        let plan = try UploadMetadata(request.headers[.uploadMetadata]).plan(length: length)
        guard length <= recordings.maximumBytes else {
            throw Problem(
                .contentTooLarge, "A recording has at most \(recordings.maximumBytes) bytes.",
                headers: [.tusMaxSize: "\(recordings.maximumBytes)"])
        }
        let upload = try await tus { try await recordings.beginUpload(of: id, plan) }
        return Response(
            status: .created,
            headers: [
                .location: "/api/livestreams/\(id)/recording/uploads/\(upload.id)",
                .uploadExpires: HTTPDate.text(recordings.expiry(of: upload)),
            ])
    }

    @Sendable private func offset(_ request: Request, context: VitrineContext) async throws -> Response {
        let upload = try await upload(context)
        var headers: HTTPFields = [
            .uploadOffset: "\(upload.offset)", .uploadLength: "\(upload.length)", .cacheControl: "no-store",
            .uploadExpires: HTTPDate.text(recordings.expiry(of: upload)),
        ]
        headers[.uploadMetadata] = upload.metadata
        return Response(status: .ok, headers: headers)
    }

    @Sendable private func append(_ request: Request, context: VitrineContext) async throws -> Response {
        let upload = try await upload(context)
        guard request.hasMediaType("application/offset+octet-stream") else {
            throw Problem(.unsupportedMediaType, "A piece has the type \"application/offset+octet-stream\".")
        }
        guard let offset = request.headers[.uploadOffset].flatMap({ Int64($0) }), offset >= 0 else {
            throw Problem(.badRequest, "The header \"Upload-Offset\" tells where the piece begins.")
        }
        let chunks = request.body.map { Array($0.readableBytesView) }
        let end = try await tus { try await recordings.append(chunks, at: offset, to: upload.id) }
        return Response(
            status: .noContent,
            headers: [.uploadOffset: "\(end)", .uploadExpires: HTTPDate.text(recordings.expiry(of: upload))])
    }

    @Sendable private func cancel(_ request: Request, context: VitrineContext) async throws -> Response {
        let upload = try await upload(context)
        try await tus { try await recordings.cancel(upload.id) }
        return Response(status: .noContent)
    }

    /// For clients whose network lets no other method through (tus 1.0.0, X-HTTP-Method-Override).
    @Sendable private func override(_ request: Request, context: VitrineContext) async throws -> Response {
        switch request.headers[.methodOverride]?.uppercased() {
        case "PATCH": return try await append(request, context: context)
        case "DELETE": return try await cancel(request, context: context)
        case "HEAD": return try await offset(request, context: context)
        default:
            throw Problem(
                .methodNotAllowed, "POST stands here for the method that \"X-HTTP-Method-Override\" names.",
                headers: [.allow: "DELETE, HEAD, OPTIONS, PATCH, POST"])
        }
    }

    private func upload(_ context: VitrineContext) async throws -> Upload {
        let stream = try context.streamID()
        let id: UploadID = try context.identifier("upload_id", of: "upload")
        let upload = try await tus { try await recordings.upload(id) }
        guard upload.stream == stream else { throw Problem.notFound("upload") }
        return upload
    }

    private func tus<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as RecordingError {
            throw Problem(error)
        }
    }

    @Sendable private func replay(_ request: Request, context: VitrineContext) async throws -> Response {
        let stream = try context.streamID()
        try await access.requireReplay(request, of: stream)
        let file: ReplayFile
        do {
            file = try recordings.replay(of: stream)
        } catch {
            throw Problem.notFound("recording")
        }
        return try FileResponse(file: file).answer(request)
    }
}

extension Problem {
    fileprivate init(_ error: RecordingError) {
        switch error {
        case .notFound: self = .notFound("upload")
        case .wrongOffset(let current):
            self.init(
                .conflict, "The upload goes on at offset \(current).", headers: [.uploadOffset: "\(current)"])
        case .tooLarge(let limit):
            self.init(.contentTooLarge, "It has more than the \(limit) bytes that it may have.")
        case .invalid(let reason): self = .invalid(reason)
        case .conflict(let reason): self.init(.conflict, reason)
        case .locked: self.init(Problem.locked, "Another request is writing this upload. Try again when it is done.")
        case .full: self.init(Problem.insufficientStorage, "The server's disk is full.")
        case .unavailable:
            self.init(
                .serviceUnavailable, "The recording can't be written now. Try again in a few seconds.",
                headers: [.retryAfter: "2"])
        }
    }

    private static let locked = HTTPResponse.Status(code: 423, reasonPhrase: "Locked")
    private static let insufficientStorage = HTTPResponse.Status(code: 507, reasonPhrase: "Insufficient Storage")
}

/// Speaks the version of tus that the client speaks, or says so.
private struct TusMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        guard request.headers[.tusResumable] == TusVersionMiddleware.version else {
            throw Problem(
                .preconditionFailed, "This speaks tus 1.0.0: send the header \"Tus-Resumable: 1.0.0\".",
                headers: [.tusVersion: TusVersionMiddleware.version])
        }
        return try await next(request, context)
    }
}
