import Testing
import Wire

@testable import API

@Suite("Writes on their way into the store")
struct WriteBacklogTests {
    private func chat(_ text: String) -> ShowWrite {
        .chat(
            ChatMessage(
                id: .random(), name: "Ada", text: text, at: Timestamp(milliseconds: 1), atMS: 0, role: .customer))
    }

    @Test("are told of when the store has them, in their order")
    func stored() {
        var backlog = WriteBacklog(limit: 10)
        let writes = (0..<3).map { chat("\($0)") }
        for write in writes { #expect(backlog.add(write) == .init()) }
        #expect(backlog.nextBatch() == writes && backlog.nextBatch() == nil)
        let late = chat("late")
        #expect(backlog.add(late) == .init())
        #expect(backlog.didWrite() == .init(done: writes, kept: writes))
        #expect(
            backlog.nextBatch() == [late] && backlog.didWrite() == .init(done: [late], kept: [late])
                && backlog.count == 0)
    }

    @Test("of chat and likes go on while the store is away, and are written once it is back, each told of once")
    func away() {
        var backlog = WriteBacklog(limit: 10)
        let first = chat("first")
        _ = backlog.add(first)
        #expect(backlog.nextBatch() == [first])
        #expect(backlog.didFail() == .init(done: [first]) && backlog.isAway)
        let likes = ShowWrite.likes(LikeBatch(id: .random(), count: 3, atMS: 5))
        #expect(backlog.add(likes) == .init(done: [likes]))
        #expect(backlog.nextBatch() == [first, likes])
        #expect(backlog.didFail() == .init())
        #expect(backlog.nextBatch() == [first, likes])
        #expect(backlog.didWrite() == .init(kept: [first, likes]) && !backlog.isAway && backlog.count == 0)
    }

    @Test("that start or end a show are refused while the store is away")
    func startAndEnd() {
        var backlog = WriteBacklog(limit: 10)
        let (start, said) = (ShowWrite.started(at: Timestamp(milliseconds: 1)), chat("said"))
        _ = backlog.add(start)
        _ = backlog.add(said)
        _ = backlog.nextBatch()
        #expect(backlog.didFail() == .init(done: [said], refused: [start]))
        let end = ShowWrite.ended(at: Timestamp(milliseconds: 2))
        #expect(backlog.add(end) == .init(refused: [end]) && backlog.nextBatch() == [said])
    }

    @Test("are refused and counted when there is no room")
    func overflow() {
        var backlog = WriteBacklog(limit: 2)
        let writes = (0..<4).map { chat("\($0)") }
        for write in writes { _ = backlog.add(write) }
        _ = backlog.nextBatch()
        #expect(backlog.didFail() == .init(done: Array(writes[..<2]), refused: Array(writes[2...])))
        let more = chat("more")
        #expect(backlog.add(more) == .init(refused: [more]) && backlog.overflow == 3)
        #expect(backlog.nextBatch() == Array(writes[..<2]))
        #expect(backlog.didWrite() == .init(kept: Array(writes[..<2])))
        #expect(backlog.add(more) == .init() && backlog.nextBatch() == [more])
    }

    @Test("that the store does not answer are told of, but for a start, which may have been done")
    func stall() {
        var backlog = WriteBacklog(limit: 10)
        let (start, said, later) = (ShowWrite.started(at: Timestamp(milliseconds: 1)), chat("said"), chat("later"))
        _ = backlog.add(start)
        _ = backlog.add(said)
        #expect(backlog.didStall() == .init() && !backlog.isAway, "nothing is being written")
        _ = backlog.nextBatch()
        _ = backlog.add(later)
        #expect(backlog.didStall() == .init(done: [said, later]) && backlog.isAway)
        #expect(backlog.didStall() == .init())
        #expect(backlog.didWrite() == .init(done: [start], kept: [start, said]))
        #expect(backlog.nextBatch() == [later] && backlog.didWrite() == .init(kept: [later]))
    }

    @Test("that the store will never take are refused")
    func refused() {
        var backlog = WriteBacklog(limit: 10)
        let said = chat("said")
        _ = backlog.add(said)
        _ = backlog.nextBatch()
        #expect(backlog.didRefuse() == .init(refused: [said]) && backlog.nextBatch() == nil && !backlog.isAway)
    }
}
