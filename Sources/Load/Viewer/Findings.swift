/// What a verifying viewer has found out about the packets that it opened.
package struct Findings: Sendable, Equatable {
    package var opened: UInt64 = 0
    /// The tag was wrong: not from the server, or changed on the way.
    package var forged: UInt64 = 0
    /// Authentic, but not what the publisher sent.
    package var corrupt: UInt64 = 0
    /// A timestamp or a sequence number that doesn't fit its place in the stream.
    package var misplaced: UInt64 = 0
    package var goodToneWindows: UInt64 = 0
    package var badToneWindows: UInt64 = 0
    package var undecodable: UInt64 = 0

    package init() {}

    package static func += (left: inout Self, right: Self) {
        left.opened += right.opened
        left.forged += right.forged
        left.corrupt += right.corrupt
        left.misplaced += right.misplaced
        left.goodToneWindows += right.goodToneWindows
        left.badToneWindows += right.badToneWindows
        left.undecodable += right.undecodable
    }
}
