internal import Foundation
internal import Wire

extension ClientMessage {
    private static let maximumSDPBytes = 32 << 10
    private static let maximumCandidateBytes = 1 << 10

    /// Reads one message. The error names what is wrong, and the type that it answers where that could be read.
    package static func decode(_ bytes: [UInt8]) throws(MessageError) -> ClientMessage {
        let data = Data(bytes)
        let decoder = JSONDecoder()
        let type: String
        do {
            type = try decoder.decode(Envelope.self, from: data).type
        } catch DecodingError.keyNotFound, DecodingError.typeMismatch, DecodingError.valueNotFound {
            throw MessageError(code: .invalidMessage, message: "A message is an object with a \"type\".")
        } catch {
            throw MessageError(code: .badJSON, message: "This is no JSON.")
        }
        do {
            guard let message = try decode(type: type, from: data, with: decoder) else {
                throw MessageError(
                    code: .unknownType, message: "There is no message of this type.",
                    inReplyTo: String(type.prefix(64)))
            }
            try message.checkBounds(type: type)
            return message
        } catch let error as MessageError {
            throw error
        } catch {
            throw MessageError(code: .invalidMessage, message: reason(of: error), inReplyTo: type)
        }
    }

    private static func decode(type: String, from data: Data, with decoder: JSONDecoder) throws -> ClientMessage? {
        switch type {
        case "join":
            let fields = try decoder.decode(JoinFields.self, from: data)
            return .join(
                Join(
                    streamID: fields.stream_id, role: fields.role, name: fields.name, token: fields.token,
                    place: fields.place ?? .take, resumeToken: fields.resume_token))
        case "start_stream": return .startStream
        case "end_stream": return .endStream
        case "webrtc_offer":
            let fields = try decoder.decode(DescriptionFields.self, from: data)
            return .offer(to: fields.to, sdp: fields.sdp)
        case "webrtc_answer":
            let fields = try decoder.decode(DescriptionFields.self, from: data)
            return .answer(to: fields.to, sdp: fields.sdp)
        case "ICE_candidate":
            let fields = try decoder.decode(CandidateFields.self, from: data)
            return .candidate(to: fields.to, fields.candidate)
        case "path_report":
            let fields = try decoder.decode(PathReportFields.self, from: data)
            let reason = fields.reason.map { String($0.prefix(200)) }
            return .pathReport(PathReport(path: fields.path, state: fields.state, reason: reason))
        case "view_report":
            let fields = try decoder.decode(ViewReportFields.self, from: data)
            return .viewReport(
                ViewReport(
                    seconds: fields.seconds, frames: fields.frames, frozenMS: fields.frozen_ms,
                    concealedMS: fields.concealed_ms, width: fields.width))
        case "view_size":
            let fields = try decoder.decode(ViewSizeFields.self, from: data)
            return .viewSize(ViewSize(width: fields.width, height: fields.height))
        case "like":
            let fields = try decoder.decode(LikeFields.self, from: data)
            guard fields.count != nil || fields.client_batch_id != nil else { return .like }
            return .likes(count: fields.count ?? 1, batch: fields.client_batch_id)
        case "chat":
            let fields = try decoder.decode(ChatFields.self, from: data)
            return .chat(text: VisibleText.withoutTurns(fields.text), name: fields.client_message_id)
        case "rename": return .rename(try decoder.decode(RenameFields.self, from: data).name)
        case "recording_run":
            let fields = try decoder.decode(RecordingRunFields.self, from: data)
            guard let key = RecordingRun.Key(device: fields.device, run: fields.run) else {
                throw MessageError(
                    code: .invalidMessage,
                    message: "\"device\" is an identifier, \"run\" is 1 to \(RecordingRun.Key.allowedRuns.upperBound).",
                    inReplyTo: type)
            }
            return .recordingRun(key, startsAtMS: fields.starts_at_ms)
        case "take_over": return .takeOver
        case "leave_place": return .leavePlace
        default: return nil
        }
    }

    private static let allowedLikes = 1...20
    private static let nameRule = "has 1 to 64 characters."

    /// Whether it may be a client's own name for something; nil may.
    private static func isName(_ name: String?) -> Bool { name.map { (1...64).contains($0.utf8.count) } ?? true }

    private func checkBounds(type: String) throws(MessageError) {
        func invalid(_ message: String) -> MessageError {
            MessageError(code: .invalidMessage, message: message, inReplyTo: type)
        }
        switch self {
        case .offer(_, let sdp), .answer(_, let sdp):
            guard (1...Self.maximumSDPBytes).contains(sdp.utf8.count) else {
                throw invalid("\"sdp\" has 1 to \(Self.maximumSDPBytes) bytes.")
            }
        case .candidate(_, let candidate?):
            let sizes = [candidate.candidate, candidate.sdpMid ?? "", candidate.usernameFragment ?? ""].map(
                \.utf8.count)
            guard sizes.allSatisfy({ $0 <= Self.maximumCandidateBytes }) else {
                throw invalid("A candidate's fields have \(Self.maximumCandidateBytes) bytes at most.")
            }
        case .viewReport(let report):
            guard report.isAllowed else {
                throw invalid(
                    "\"seconds\" is 1 to 60; what is counted is not negative, and no more than fits into that.")
            }
        case .viewSize(let size):
            guard size.isAllowed else { throw invalid("\"width\" and \"height\" are 0 to 16384.") }
        case .recordingRun(_, let start):
            guard RecordingRuns.allowedStart.contains(start) else {
                throw invalid("\"starts_at_ms\" lies within 24 hours of the show's clock.")
            }
        case .likes(let count, let batch):
            guard Self.allowedLikes.contains(count) else {
                throw invalid("\"count\" is \(Self.allowedLikes.lowerBound) to \(Self.allowedLikes.upperBound).")
            }
            guard Self.isName(batch) else { throw invalid("\"client_batch_id\" \(Self.nameRule)") }
        case .chat(let text, let name):
            guard Self.isName(name) else { throw invalid("\"client_message_id\" \(Self.nameRule)") }
            let allowed = ChatMessage.allowedCharacters
            guard allowed.contains(text.unicodeScalars.count), !VisibleText.isBlank(text) else {
                throw invalid("\"text\" has \(allowed.lowerBound) to \(allowed.upperBound) characters, not all blank.")
            }
            guard !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" && $0 != "\t" }) else {
                throw invalid("\"text\" holds a control character.")
            }
        default: break
        }
    }

    private static func reason(of error: any Error) -> String {
        func name(_ path: [any CodingKey]) -> String { path.map(\.stringValue).joined(separator: ".") }
        switch error as? DecodingError {
        case .keyNotFound(let key, let context): return "\"\(name(context.codingPath + [key]))\" is missing."
        case .typeMismatch(_, let context): return "\"\(name(context.codingPath))\" has the wrong type."
        case .valueNotFound(_, let context): return "\"\(name(context.codingPath))\" must not be null."
        case .dataCorrupted(let context): return "\"\(name(context.codingPath))\" has no allowed value."
        default: return "The message can't be read."
        }
    }
}

private struct Envelope: Decodable {
    let type: String
}

// The fields of each message, named as they are on the wire.

private struct JoinFields: Decodable {
    let stream_id: StreamID
    let role: ClientRole
    let name: String?
    let token: String?
    let place: PlaceWish?
    let resume_token: String?
}

private struct DescriptionFields: Decodable {
    let to: PeerAddress
    let sdp: String
}

private struct CandidateFields: Decodable {
    let to: PeerAddress
    let candidate: ICECandidate?

    private enum CodingKeys: String, CodingKey { case to, candidate }

    /// `null` means the end of candidates; a message without the key is a mistake.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        to = try container.decode(PeerAddress.self, forKey: .to)
        guard container.contains(.candidate) else {
            throw DecodingError.keyNotFound(
                CodingKeys.candidate, .init(codingPath: container.codingPath, debugDescription: "missing"))
        }
        candidate = try container.decodeIfPresent(ICECandidate.self, forKey: .candidate)
    }
}

private struct PathReportFields: Decodable {
    let path: Path
    let state: PathReport.State
    let reason: String?
}

private struct ViewReportFields: Decodable {
    let seconds: Int
    let frames: Int
    let frozen_ms: Int
    let concealed_ms: Int
    let width: Int
}

private struct ViewSizeFields: Decodable {
    let width: Int
    let height: Int
}

private struct ChatFields: Decodable {
    let text: String
    let client_message_id: String?
}

private struct LikeFields: Decodable {
    let count: Int?
    let client_batch_id: String?
}

private struct RecordingRunFields: Decodable {
    let device: String
    let run: Int
    let starts_at_ms: Int64
}

private struct RenameFields: Decodable {
    let name: String?
}
