import Wire

/// One section of a peer's description, read as the rules have it.
struct OfferedSection {
    enum Direction: String {
        case sendrecv, sendonly, recvonly, inactive

        var sends: Bool { self == .sendrecv || self == .sendonly }
        var receives: Bool { self == .sendrecv || self == .recvonly }
    }

    private static let maximumLayers = 8
    private static let maximumMIDBytes = 64

    let index: Int
    let media: SessionDescription.Media
    let mid: String?
    /// Nil for what is no sound and no picture.
    let kind: MediaKind?
    let direction: Direction
    /// Port 0 says that it is not wanted, but for one that is only to be had in a bundle (RFC 9143, section 6).
    let isOffered: Bool
    private let sessionExtensions: [String]

    init(_ index: Int, of description: SessionDescription, bundle: [String]) {
        self.index = index
        media = description.media[index]
        mid = media.value("mid").flatMap { $0.isEmpty || $0.utf8.count > Self.maximumMIDBytes ? nil : $0 }
        kind = MediaKind(rawValue: media.kind)
        sessionExtensions = description.values("extmap")
        direction = Self.direction(media.attributes) ?? Self.direction(description.attributes) ?? .sendrecv
        isOffered =
            media.port != 0 || media.has("bundle-only") && mid.map(bundle.contains) == true
    }

    private static func direction(_ attributes: [String]) -> Direction? {
        attributes.lazy.compactMap { Direction(rawValue: $0) }.first
    }

    /// How messages call it: `video (mid "1")`, `2 (audio)`.
    var name: String {
        mid.map { "\(media.kind) (mid \"\($0.filter { $0.isLetter || $0.isNumber })\")" }
            ?? "\(index + 1) (\(media.kind))"
    }

    /// RTP in any of the forms that peers write; all of them mean DTLS-SRTP (RFC 8829, section 5.1.2).
    var isRTP: Bool { ["RTP/SAVPF", "RTP/SAVP", "RTP/AVPF", "RTP/AVP"].contains { media.protocol.hasSuffix($0) } }

    /// The codecs that can be told from RTCP on one port (RFC 5761, section 4), in the peer's order.
    var codecs: [(payloadType: UInt8, codec: Codec)] {
        media.codecs.filter { !(64...95).contains($0.payloadType) }
            .map { ($0.payloadType, Codec(name: $0.name, parameters: $0.parameters)) }
    }

    /// What it offers, in words.
    var offered: String {
        let names = codecs.filter { !["rtx", "red", "ulpfec", "flexfec-03"].contains($0.codec.encoding) }
            .map(\.codec.summary)
        return names.isEmpty ? "nothing that has an rtpmap line" : names.joined(separator: ", ")
    }

    /// The payload type of a codec's retransmissions (RFC 4588, section 8.1); the only one there is may leave out of what.
    func repairPayloadType(of payloadType: UInt8) -> UInt8? {
        let repairs = codecs.filter { $0.codec.encoding == "rtx" }
        if let only = repairs.first, repairs.count == 1, FormatParameters(only.codec.parameters)["apt"] == nil {
            return only.payloadType
        }
        return repairs.first { FormatParameters($0.codec.parameters)["apt"] == String(payloadType) }?.payloadType
    }

    /// The id of a header extension that the peer sends, in its short form (RFC 8285, sections 4.2 and 8); nil when it
    /// isn't offered, or another extension has the same id.
    func extensionID(_ uri: String) -> UInt8? {
        extensionID(uri, of: extensions.filter(\.sends))
    }

    /// The id of one that the peer takes from who sends to it; as `extensionID` otherwise.
    func receivedExtensionID(_ uri: String) -> UInt8? {
        extensionID(uri, of: extensions.filter(\.receives))
    }

    private func extensionID(_ uri: String, of candidates: [Extension]) -> UInt8? {
        guard let id = candidates.first(where: { $0.uri == uri })?.id,
            extensions.allSatisfy({ $0.id != id || $0.uri == uri })
        else { return nil }
        return (1...14).contains(id) ? id : nil
    }

    private typealias Extension = (id: UInt8, uri: String, sends: Bool, receives: Bool)

    /// The section's and the session's.
    private var extensions: [Extension] {
        (media.values("extmap") + sessionExtensions).compactMap { line in
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count >= 2, let id = UInt8(words[0].prefix { $0 != "/" }) else { return nil }
            let direction = words[0].split(separator: "/").dropFirst().first.flatMap { Direction(rawValue: String($0)) }
            return (id, String(words[1]), direction?.sends ?? true, direction?.receives ?? true)
        }
    }

    /// The feedback that it offers for a payload type, with what it offers for all.
    func feedback(for payloadType: UInt8) -> [String] {
        media.values("rtcp-fb").compactMap { line in
            let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace)
            guard words.count == 2, words[0] == "*" || words[0] == String(payloadType) else { return nil }
            return words[1].split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
        }
    }

    /// The layers of a simulcast that it wants to send, the one it likes best first (RFC 8853, section 5.1).
    var layers: [String] {
        let sent = Set(
            media.values("rid").compactMap { line -> String? in
                let words = line.split(whereSeparator: \.isWhitespace)
                return words.count >= 2 && words[1] == "send" ? String(words[0]) : nil
            })
        guard let line = media.value("simulcast") else { return [] }
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let number = words.firstIndex(of: "send"), number + 1 < words.count else { return [] }
        var layers: [String] = []
        // Of alternatives for one layer the first, of paused ones also those (RFC 8853, section 5.1).
        for position in words[number + 1].replacing("rid=", with: "").split(separator: ";") {
            let names = position.split(separator: ",").map { String($0.drop { $0 == "~" }) }
            if let name = names.first(where: { sent.contains($0) && Self.isLayerName($0) }), !layers.contains(name) {
                layers.append(name)
            }
        }
        return Array(layers.prefix(Self.maximumLayers))
    }

    /// RFC 8851, section 10, and what fits into a header extension.
    private static func isLayerName(_ name: String) -> Bool {
        (1...16).contains(name.utf8.count)
            && name.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
    }
}
