/// A body that brings one chunk, and then nothing until it is cancelled or ended.
struct SilentBody {
    let chunks: AsyncStream<[UInt8]>
    private let silence: AsyncStream<Void>
    private let end: AsyncStream<[UInt8]>.Continuation

    init(_ chunk: [UInt8]) {
        let (source, end) = AsyncStream<[UInt8]>.makeStream()
        let (silence, silenced) = AsyncStream<Void>.makeStream()
        end.yield(chunk)
        let state = Source(source)
        chunks = AsyncStream(unfolding: {
            if state.isEmptied() { silenced.finish() }
            return await state.next()
        })
        self.silence = silence
        self.end = end
    }

    /// Returns when the chunk was taken, and the next is waited for.
    func untilSilent() async { for await _ in silence {} }

    func finish() { end.finish() }

    private final class Source: @unchecked Sendable {
        private var iterator: AsyncStream<[UInt8]>.Iterator
        private var count = 0

        init(_ stream: AsyncStream<[UInt8]>) { iterator = stream.makeAsyncIterator() }

        func isEmptied() -> Bool {
            count += 1
            return count == 2
        }

        func next() async -> [UInt8]? { await iterator.next() }
    }
}
