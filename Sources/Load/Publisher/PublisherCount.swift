/// What the publisher has done so far.
package struct PublisherCount: Sendable, Equatable {
    package var packets: UInt64 = 0
    package var bytes: UInt64 = 0
    package var keyFrames: UInt64 = 0
    package var keyFrameRequests: UInt64 = 0
    package var nacked: UInt64 = 0
    package var resent: UInt64 = 0
    /// Frames that it was too late for: the machine gave it no time.
    package var skippedFrames: UInt64 = 0
    package var refusedSends: UInt64 = 0

    package init() {}
}
