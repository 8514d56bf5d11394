/// One picture as an encoder made it.
struct EncodedFrame: Equatable, Sendable {
    let bytes: [UInt8]
    let isKey: Bool
}
