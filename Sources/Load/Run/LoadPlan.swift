/// What a run is to be.
package struct LoadPlan: Sendable {
    /// Where the published stream comes from.
    package enum Publish: Sendable, Equatable {
        case none
        case synthetic
        case file(String)
    }

    package var viewers = 100
    /// Viewers a second.
    package var ramp = 50.0
    package var durationSeconds = 10.0
    package var publish = Publish.synthetic
    /// Of the viewers, from 0 to 1.
    package var verifyShare = 0.05
    package var serverProcess: Int32?
    package var threads = 1
    /// The processor of the first thread; those after it are the threads' after it.
    package var core: Int?
    package var joinsReceives = false
    /// Viewers say when packets came, ten times a second, as browsers do.
    package var givesFeedback = true
    /// Of the viewers, from 0 to 1, behind a link of their own; each has the next of `links`.
    package var weakShare = 0.0
    package var links: [LinkProfile] = []

    package init() {}

    /// The link that this viewer is behind.
    package func link(of number: Int) -> LinkProfile? {
        guard !links.isEmpty, Self.takes(number, weakShare) else { return nil }
        return links[Self.count(before: number, weakShare) % links.count]
    }

    /// Only where packets have no link of their own to go through: what that does is nothing of the server's.
    package func verifies(_ number: Int) -> Bool {
        guard !links.isEmpty else { return Self.takes(number, verifyShare) }
        return link(of: number) == nil && Self.takes(number - Self.count(before: number, weakShare), verifyShare)
    }

    /// Spread evenly, so that they stand everywhere in the server's order of sending.
    private static func takes(_ number: Int, _ share: Double) -> Bool {
        count(before: number + 1, share) > count(before: number, share)
    }

    private static func count(before number: Int, _ share: Double) -> Int { Int(Double(number) * share + 1e-9) }
}
