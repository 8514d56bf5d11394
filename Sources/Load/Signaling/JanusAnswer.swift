/// What Janus says: an answer, or an event.
struct JanusAnswer: Decodable, Sendable {
    struct Identified: Decodable, Sendable { let id: Int }
    struct Failure: Decodable, Sendable { let reason: String }

    struct PluginData: Decodable, Sendable {
        struct Content: Decodable, Sendable {
            let room: Int?
            let id: Int?
            let error: String?
        }

        let data: Content
    }

    let janus: String
    let data: Identified?
    let error: Failure?
    let plugindata: PluginData?
    let jsep: JanusDescription?
}
