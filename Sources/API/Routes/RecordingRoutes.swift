internal import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import Storage
import Wire

/// `/api/livestreams/{id}/recording`: its upload by tus 1.0.0 (core and creation), and the replay.
struct RecordingRoutes {
    private static let tusVersion = "1.0.0"

    let recordings: RecordingLibrary
    let store: any LivestreamStore
    let admin: AdminMiddleware

    func add(to router: some RouterMethods<VitrineContext>) {
        router.get("/api/livestreams/{id}/recording", use: replay)
        router.on("/api/livestreams/{id}/recording", method: .options, use: options)
        router.group("/api/livestreams/{id}/recording").add(middleware: admin).add(middleware: TusMiddleware())
            .post(use: create)
            .head("uploads/{upload_id}", use: offset)
            .patch("uploads/{upload_id}", use: append)
            .delete("uploads/{upload_id}", use: cancel)
    }

    @Sendable private func options(_ request: Request, context: VitrineContext) async throws -> Response {
        Response(
            status: .noContent,
            headers: [
                .tusResumable: Self.tusVersion, .tusVersion: Self.tusVersion,
                .tusExtension: "creation,termination", .tusMaxSize: "\(recordings.maximumBytes)",
            ])
    }

    @Sendable private func create(_ request: Request, context: VitrineContext) async throws -> Response {
        let id = try context.streamID()
        _ = try await store.livestream(id)
        guard let length = request.headers[.uploadLength].flatMap({ Int64($0) }) else {
            throw Problem(.badRequest, "The header \"Upload-Length\" tells the length of the whole in bytes.")
        }
        let metadata = try UploadMetadata(request.headers[.uploadMetadata] ?? "")
        let upload = try await tus {
            try await recordings.beginUpload(
                of: id, length: length, mimeType: metadata.mimeType, parts: metadata.parts)
        }
        return Response(
            status: .created, headers: [.location: "/api/livestreams/\(id)/recording/uploads/\(upload.id)"])
    }

    @Sendable private func offset(_ request: Request, context: VitrineContext) async throws -> Response {
        let upload = try await upload(context)
        return Response(
            status: .ok,
            headers: [
                .uploadOffset: "\(upload.offset)", .uploadLength: "\(upload.length)", .cacheControl: "no-store",
            ])
    }

    @Sendable private func append(_ request: Request, context: VitrineContext) async throws -> Response {
        let upload = try await upload(context)
        guard request.headers[.contentType] == "application/offset+octet-stream" else {
            throw Problem(.unsupportedMediaType, "A piece has the type \"application/offset+octet-stream\".")
        }
        guard let offset = request.headers[.uploadOffset].flatMap({ Int64($0) }), offset >= 0 else {
            throw Problem(.badRequest, "The header \"Upload-Offset\" tells where the piece begins.")
        }
        let chunks = request.body.map { Array($0.readableBytesView) }
        let end = try await tus { try await recordings.append(chunks, at: offset, to: upload.id) }
        return Response(status: .noContent, headers: [.uploadOffset: "\(end)"])
    }

    @Sendable private func cancel(_ request: Request, context: VitrineContext) async throws -> Response {
        let upload = try await upload(context)
        try await tus { try await recordings.cancel(upload.id) }
        return Response(status: .noContent)
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
        case .tooLarge(let limit): self.init(.contentTooLarge, "It has more than the \(limit) bytes that it may have.")
        case .invalid(let reason): self = .invalid(reason)
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

/// Speaks the version of tus that the client speaks, or says so (tus 1.0.0, Tus-Resumable).
private struct TusMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: VitrineContext, next: (Request, VitrineContext) async throws -> Response
    ) async throws -> Response {
        guard request.headers[.tusResumable] == "1.0.0" else {
            throw Problem(
                .preconditionFailed, "This speaks tus 1.0.0: send the header \"Tus-Resumable: 1.0.0\".",
                headers: [.tusVersion: "1.0.0"])
        }
        do {
            var response = try await next(request, context)
            response.headers[.tusResumable] = "1.0.0"
            return response
        } catch var problem as Problem {
            problem.headers[.tusResumable] = "1.0.0"
            throw problem
        }
    }
}
