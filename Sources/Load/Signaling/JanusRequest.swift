import Foundation

/// What Janus is asked, as its HTTP API has it.
struct JanusRequest: Encodable {
    /// Of the videoroom plugin.
    struct Body: Encodable {
        struct Stream: Encodable { let feed: Int }

        let request: String
        var room: Int?
        var ptype: String?
        var streams: [Stream]?
        var publishers: Int?
        var bitrate: Int?
        var audiocodec: String?
        var videocodec: String?
        var isPrivate: Bool?

        enum CodingKeys: String, CodingKey {
            case request, room, ptype, streams, publishers, bitrate, audiocodec, videocodec
            case isPrivate = "is_private"
        }
    }

    let janus: String
    var transaction = UUID().uuidString
    var plugin: String?
    var body: Body?
    var jsep: JanusDescription?

    init(janus: String, plugin: String? = nil, body: Body? = nil, jsep: JanusDescription? = nil) {
        self.janus = janus
        self.plugin = plugin
        self.body = body
        self.jsep = jsep
    }
}
