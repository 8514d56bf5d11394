import Foundation
import Testing
import Wire

@testable import Signaling

@Suite("Messages")
struct MessageTests {
    private let viewer = ClientID("viewer-0001")
    private let stream = StreamID("stream-0001")

    private func decode(_ json: String) throws -> ClientMessage { try ClientMessage.decode(Array(json.utf8)) }

    @Test("are read as the protocol writes them")
    func reading() throws {
        let (viewer, stream) = (try #require(viewer), try #require(stream))
        let join = #"{"type":"join","stream_id":"stream-0001","role":"customer","name":"Ada","extra":[1]}"#
        #expect(try decode(join) == .join(.init(streamID: stream, role: .customer, name: "Ada")))
        #expect(try decode(#"{"type":"start_stream"}"#) == .startStream)
        #expect(try decode(#"{"type":"end_stream"}"#) == .endStream)
        #expect(try decode(#"{"type":"like"}"#) == .like)
        #expect(try decode(#"{"type":"chat","text":"Grüße 👋"}"#) == .chat(text: "Grüße 👋"))
        let offer = #"{"type":"webrtc_offer","to":"viewer-0001","sdp":"v=0"}"#
        #expect(try decode(offer) == .offer(to: .client(viewer), sdp: "v=0"))
        let answer = #"{"type":"webrtc_answer","to":"relay","sdp":"v=0"}"#
        #expect(try decode(answer) == .answer(to: .relay, sdp: "v=0"))
        let candidate = #"""
            {"type":"ICE_candidate","to":"viewer-0001",
             "candidate":{"candidate":"candidate:1 1 udp","sdpMid":"0","sdpMLineIndex":0}}
            """#
        let expected = ICECandidate(candidate: "candidate:1 1 udp", sdpMid: "0", sdpMLineIndex: 0)
        #expect(try decode(candidate) == .candidate(to: .client(viewer), expected))
        #expect(
            try decode(#"{"type":"ICE_candidate","to":"viewer-0001","candidate":null}"#)
                == .candidate(to: .client(viewer), nil))
        let report = #"{"type":"path_report","path":"direct","state":"frozen","reason":"600 ms"}"#
        #expect(try decode(report) == .pathReport(PathReport(path: .direct, state: .frozen, reason: "600 ms")))
    }

    @Test(
        "that are wrong get an error that names what is wrong",
        arguments: [
            ("", ErrorCode.badJSON, nil), ("{", .badJSON, nil), ("\u{0}\u{1}", .badJSON, nil),
            ("[]", .invalidMessage, nil), ("7", .invalidMessage, nil), ("{}", .invalidMessage, nil),
            (#"{"type":7}"#, .invalidMessage, nil), (#"{"type":"dance"}"#, .unknownType, "dance"),
            (#"{"type":"chat"}"#, .invalidMessage, "chat"), (#"{"type":"chat","text":5}"#, .invalidMessage, "chat"),
            (#"{"type":"chat","text":""}"#, .invalidMessage, "chat"),
            (#"{"type":"chat","text":"  \n "}"#, .invalidMessage, "chat"),
            (#"{"type":"chat","text":"a\u0000b"}"#, .invalidMessage, "chat"),
            (#"{"type":"join","stream_id":"../../etc","role":"customer"}"#, .invalidMessage, "join"),
            (#"{"type":"join","stream_id":"stream-0001","role":"king"}"#, .invalidMessage, "join"),
            (#"{"type":"join","role":"customer"}"#, .invalidMessage, "join"),
            (#"{"type":"webrtc_offer","to":"viewer-0001"}"#, .invalidMessage, "webrtc_offer"),
            (#"{"type":"webrtc_offer","to":"viewer-0001","sdp":""}"#, .invalidMessage, "webrtc_offer"),
            (#"{"type":"webrtc_answer","to":[],"sdp":"v=0"}"#, .invalidMessage, "webrtc_answer"),
            (#"{"type":"ICE_candidate","to":"viewer-0001"}"#, .invalidMessage, "ICE_candidate"),
            (#"{"type":"ICE_candidate","to":"viewer-0001","candidate":{}}"#, .invalidMessage, "ICE_candidate"),
            (
                #"{"type":"view_report","seconds":0,"frames":1,"frozen_ms":0,"concealed_ms":0,"width":1}"#,
                .invalidMessage, "view_report"
            ),
            (
                #"{"type":"view_report","seconds":10,"frames":-1,"frozen_ms":0,"concealed_ms":0,"width":1}"#,
                .invalidMessage, "view_report"
            ),
            (#"{"type":"view_report","seconds":10,"frames":1}"#, .invalidMessage, "view_report"),
            (#"{"type":"view_size","width":20000,"height":10}"#, .invalidMessage, "view_size"),
            (#"{"type":"path_report","path":"moon","state":"failed"}"#, .invalidMessage, "path_report"),
        ] as [(String, ErrorCode, String?)])
    func wrong(json: String, code: ErrorCode, type: String?) {
        let error = #expect(throws: MessageError.self) { try decode(json) }
        #expect(error?.code == code)
        #expect(error?.inReplyTo == type)
        #expect(error?.message.isEmpty == false)
    }

    @Test("have bounds: 500 characters of chat, 32 KiB of SDP, 1 KiB of candidate")
    func bounds() throws {
        func chat(_ length: Int) -> String {
            #"{"type":"chat","text":"\#(String(repeating: "é", count: length))"}"#
        }
        #expect(throws: Never.self) { try decode(chat(500)) }
        #expect(throws: MessageError.self) { try decode(chat(501)) }
        func offer(_ length: Int) -> String {
            #"{"type":"webrtc_offer","to":"viewer-0001","sdp":"\#(String(repeating: "a", count: length))"}"#
        }
        #expect(throws: Never.self) { try decode(offer(32 << 10)) }
        #expect(throws: MessageError.self) { try decode(offer(32 << 10 + 1)) }
        func candidate(_ length: Int) -> String {
            let text = String(repeating: "a", count: length)
            return #"{"type":"ICE_candidate","to":"viewer-0001","candidate":{"candidate":"\#(text)"}}"#
        }
        #expect(throws: Never.self) { try decode(candidate(1 << 10)) }
        #expect(throws: MessageError.self) { try decode(candidate(1 << 10 + 1)) }
    }

    @Test("are written as the protocol has them")
    func writing() throws {
        let (viewer, stream) = (try #require(viewer), try #require(stream))
        let time = Timestamp(milliseconds: 1_795_545_000_123)
        let chat = ChatMessage(
            id: try #require(MessageID("message-01")), name: "Ada", text: "<b>\"/\"</b>", at: time, atMS: 5,
            role: .customer)
        let cases: [(ServerMessage, NSDictionary)] = [
            (.viewerJoined(viewer), ["type": "viewer_joined", "viewer_id": "viewer-0001"]),
            (.viewerLeft(viewer), ["type": "viewer_left", "viewer_id": "viewer-0001"]),
            (
                .offer(from: .client(viewer), sdp: "v=0"),
                ["type": "webrtc_offer", "from": "viewer-0001", "sdp": "v=0"]
            ),
            (.answer(from: .relay, sdp: "v=0"), ["type": "webrtc_answer", "from": "relay", "sdp": "v=0"]),
            (
                .candidate(from: .client(viewer), nil),
                ["type": "ICE_candidate", "from": "viewer-0001", "candidate": NSNull()]
            ),
            (
                .pathSelected(viewer: viewer, path: .direct, reason: "first choice"),
                ["type": "path_selected", "viewer_id": "viewer-0001", "path": "direct", "reason": "first choice"]
            ),
            (
                .streamUpdate(StreamUpdate(likes: 42, viewerCount: 3, peakViewerCount: 5)),
                ["type": "stream_update", "likes": 42, "viewer_count": 3, "peak_viewer_count": 5]
            ),
            (
                .chatMessage(chat),
                [
                    "type": "chat_message", "id": "message-01", "name": "Ada", "text": "<b>\"/\"</b>",
                    "at": "2026-11-24T18:30:00.123Z", "at_ms": 5, "role": "customer",
                ]
            ),
            (.chatRemoved(chat.id), ["type": "chat_removed", "id": "message-01"]),
            (
                .chatAccepted(name: "m-1", id: chat.id),
                ["type": "chat_accepted", "client_message_id": "m-1", "id": "message-01"]
            ),
            (.likesAccepted(name: "b-1"), ["type": "likes_accepted", "client_batch_id": "b-1"]),
            (.renamed(name: "Ada"), ["type": "renamed", "name": "Ada"]),
            (
                .placeChanged(PlaceNews(hasPlace: false, broadcaster: .encoder)),
                ["type": "place_changed", "has_place": false, "broadcaster": "encoder"]
            ),
            (
                .error(MessageError(code: .rateLimited, message: "Slow down.", inReplyTo: "chat", about: "m-1")),
                [
                    "type": "error", "code": "rate_limited", "message": "Slow down.", "in_reply_to": "chat",
                    "client_message_id": "m-1",
                ]
            ),
            (
                .error(MessageError(code: .rateLimited, message: "Slow down.", inReplyTo: "like")),
                ["type": "error", "code": "rate_limited", "message": "Slow down.", "in_reply_to": "like"]
            ),
        ]
        for (message, expected) in cases {
            let json = try JSONSerialization.jsonObject(with: Data(message.encoded())) as? NSDictionary
            #expect(json == expected)
        }
        let record = Livestream(id: stream, title: "Show", createdAt: time)
        let joined = ServerMessage.joined(
            .init(
                client: viewer, stream: record, chat: [chat], iceServers: [ICEServer(urls: ["stun:s"])], now: time,
                resumeToken: "resume-1", hasPlace: false))
        let json = try #require(JSONSerialization.jsonObject(with: Data(joined.encoded())) as? [String: Any])
        #expect(
            Set(json.keys) == [
                "type", "client_id", "stream", "chat", "ice_servers", "now", "resume_token", "has_place",
            ])
        #expect((json["stream"] as? [String: Any])?["title"] as? String == "Show")
        #expect(json["ice_servers"] as? [NSDictionary] == [["urls": ["stun:s"]]])
    }
}
