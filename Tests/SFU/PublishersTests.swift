import Testing

@testable import SFU

@Suite("Who publishes")
struct PublishersTests {
    private final class Peer {}

    private let first = Peer()
    private let second = Peer()
    private let third = Peer()

    @Test("an offer takes nothing from who is shown, until its media come")
    func makeBeforeBreak() {
        var publishers = Publishers(first)
        #expect(publishers.receiveMedia(of: first).isShown)
        #expect(publishers.offer(second).displaced == nil && publishers.current === first)
        #expect(publishers.offer(third).displaced === second, "one waits at most")
        #expect(!publishers.receiveMedia(of: second).isShown)
        let (former, isShown) = publishers.receiveMedia(of: third)
        #expect(former === first && isShown && publishers.current === third && publishers.successor == nil)
    }

    @Test("who has never sent anything gives way at once")
    func silentFirst() {
        var publishers = Publishers(first)
        let (displaced, isCurrent) = publishers.offer(second)
        #expect(displaced === first && isCurrent && publishers.current === second)
    }

    @Test("who waits takes over when the other leaves, and nobody is missed who waits")
    func leaving() {
        var publishers = Publishers(first)
        _ = publishers.receiveMedia(of: first)
        _ = publishers.offer(second)
        guard case .unnoticed = publishers.leave(third) else { return _ = Issue.record("another outcome") }
        guard case .succeeded(let next) = publishers.leave(first) else { return _ = Issue.record("another outcome") }
        #expect(next === second && publishers.current === second && !publishers.isFlowing)
        guard case .ended = publishers.leave(second) else { return _ = Issue.record("another outcome") }
    }
}
