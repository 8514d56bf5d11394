import Testing
import Wire

@testable import SFU

@Suite("When a key frame is asked for")
struct KeyFrameRequestsTests {
    private let start = MonotonicTime(nanoseconds: 1_000_000_000_000)

    private func at(_ milliseconds: Int64) -> MonotonicTime { start.advanced(byMilliseconds: milliseconds) }

    @Test("at once, and again after two round trips until one comes, ever more seldom")
    func repeats() {
        var requests = KeyFrameRequests()
        #expect(requests.due(roundTripMS: 50) == nil)
        requests.want(at: at(0))
        #expect(requests.due(roundTripMS: 50) == at(0))
        requests.didRequest(at: at(0))
        #expect(requests.due(roundTripMS: 50) == at(200))
        #expect(requests.due(roundTripMS: 150) == at(300))
        requests.didRequest(at: at(200))
        #expect(requests.due(roundTripMS: 50) == at(600))
        requests.didRequest(at: at(600))
        requests.didRequest(at: at(1_400))
        #expect(requests.due(roundTripMS: 50) == at(2_400), "once a second at least")
    }

    @Test("once in half a second when they come")
    func limit() {
        var requests = KeyFrameRequests()
        requests.want(at: at(0))
        requests.didRequest(at: at(0))
        requests.noteKeyFrame(at: at(80))
        #expect(requests.due(roundTripMS: 50) == nil)
        requests.want(at: at(100))
        #expect(requests.due(roundTripMS: 50) == at(500))
        requests.noteKeyFrame(at: at(90))
        #expect(requests.wantedSince != nil, "an older one helps nobody")
        requests.noteKeyFrame(at: at(110))
        #expect(requests.wantedSince == nil)
    }
}
