/// The synchronisation sources of a publisher (RFC 3550, section 3).
struct PublishedSources: Sendable {
    let video: UInt32
    let repair: UInt32
    let audio: UInt32

    static func random(using generator: inout some RandomNumberGenerator) -> Self {
        let first = UInt32.random(in: 1...UInt32.max - 2, using: &generator)
        return Self(video: first, repair: first + 1, audio: first + 2)
    }
}
