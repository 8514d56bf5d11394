import Foundation
import Testing
import Wire

@testable import Storage

/// A chat as long as they come: 100,000 messages of 400 characters, 40 MB of text.
@Suite("A long chat", .serialized, .timeLimit(.minutes(5)))
struct LargeChatTests {
    private static let count = 100_000

    @Test("is paged through whole and in order, in memory that doesn't grow", arguments: StoreHome.allCases)
    func paging(home: StoreHome) async throws {
        try await home.with { store, _ in
            let id = try await store.make().id
            try await write(to: id, in: store)
            var page = PageRequest(limit: 100)
            var (read, highest, base) = (0, 0, 0)
            repeat {
                let part = try await store.chat(of: id, .all, page: page)
                let numbers = part.items.map { Int($0.text.prefix { $0 != " " }) }
                #expect(numbers == (read..<read + part.items.count).map(Optional.some))
                read += part.items.count
                page.cursor = part.nextCursor
                // The first tenth fills pools and caches.
                if read <= Self.count / 10 { base = max(base, residentBytes) }
                highest = max(highest, residentBytes)
            } while page.cursor != nil
            #expect(read == Self.count)
            print(
                "\(home.testDescription): \(read) messages paged, \((highest - base) >> 10) KiB more than after the first tenth"
            )
            #expect(highest - base < 16 << 20, "held: \((highest - base) >> 20) MiB")
        }
    }

    private func write(to id: StreamID, in store: any LivestreamStore) async throws {
        let padding = String(repeating: "x", count: 390)
        for start in stride(from: 0, to: Self.count, by: 500) {
            try await store.append(
                (start..<start + 500).map { .chat(message("\($0) \(padding)", atMS: Int64($0))) }, to: id)
        }
    }

    private var residentBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return (line.split(separator: " ").dropLast().last.flatMap { Int($0) } ?? 0) << 10
    }
}
