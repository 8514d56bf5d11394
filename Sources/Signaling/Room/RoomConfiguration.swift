/// What an operator decides about rooms.
package struct RoomConfiguration: Sendable {
    /// How long a show goes on without its admin.
    package var adminGraceMS: Int64 = 30_000
    package var maximumMembers = 20_000
    /// This server can relay.
    package var relayIsAvailable = false
    /// How long after its last viewer the uplink's media is paused.
    var uplinkIdleMS: Int64 = 30_000
    /// How long after a lost race the direct way is tried again, and how long that may take.
    var directRetryMS: Int64 = 30_000
    var directRetryPatienceMS: Int64 = 5_000
    /// At most ten updates of the counts a second.
    var updateIntervalMS: Int64 = 100
    /// How long after a failed write the next is tried.
    var retryIntervalMS: Int64 = 1_000
    /// How often at most an admin is asked to offer anew to a viewer whose path has failed.
    var offerIntervalMS: Int64 = 2_000
    /// And to one whose picture stands still, which may be a busy machine rather than a broken path.
    var frozenOfferIntervalMS: Int64 = 10_000
    let likes = TokenBucket.Rate(perSecond: 10, burst: 20)
    let chat = TokenBucket.Rate(perSecond: 1, burst: 5)
    /// Everything that is neither like nor chat: trickled candidates come in bursts.
    let signaling = TokenBucket.Rate(perSecond: 50, burst: 200)
    /// Answers to what is refused: a flood of mistakes must not become a flood of answers.
    let errors = TokenBucket.Rate(perSecond: 20, burst: 40)

    package init() {}
}
