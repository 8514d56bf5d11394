import Foundation
import Testing

@testable import Wire

@Suite("Records")
struct RecordTests {
    @Test("an identifier is 8 to 64 characters that need no escaping anywhere")
    func identifiers() {
        #expect(StreamID("abcdefgh") != nil)
        #expect(StreamID(String(repeating: "Z", count: 64)) != nil)
        for wrong in [
            "", "short", String(repeating: "a", count: 65), "../../etc/passwd", "äbcdefgh", "abc defgh", "abcdefg\0",
        ] {
            #expect(StreamID(wrong) == nil)
        }
        let made = (0..<1_000).map { _ in StreamID.random() }
        #expect(Set(made).count == 1_000)
        #expect(made.allSatisfy { StreamID($0.text) == $0 })
    }

    @Test("a time is written as RFC 3339 in UTC with milliseconds, and read back as the same")
    func timestamps() {
        #expect(Timestamp(milliseconds: 0).rfc3339 == "1970-01-01T00:00:00.000Z")
        #expect(Timestamp(milliseconds: 1_795_545_000_123).rfc3339 == "2026-11-24T18:30:00.123Z")
        #expect(Timestamp(rfc3339: "2026-11-24T18:30:00.123Z")?.milliseconds == 1_795_545_000_123)
        #expect(Timestamp(rfc3339: "2026-11-24T20:30:00.123+02:00")?.milliseconds == 1_795_545_000_123)
        #expect(Timestamp(rfc3339: "2026-11-24T18:30:00Z")?.milliseconds == 1_795_545_000_000)
        for wrong in ["", "tomorrow", "2026-11-24", "2026-13-40T99:00:00Z"] {
            #expect(Timestamp(rfc3339: wrong) == nil)
        }
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<1_000 {
            let time = Timestamp(milliseconds: .random(in: 0..<4_102_444_800_000, using: &generator))
            #expect(Timestamp(rfc3339: time.rfc3339) == time)
        }
    }

    @Test("a price is what was written, or nothing")
    func prices() {
        #expect(Price(amount: "19.90", currency: "EUR")?.amount == "19.90")
        #expect(Price(amount: "0", currency: "JPY") != nil)
        for wrong in ["abc", "", "-1", "1.", ".5", "1,50", "1.23456", "1234567890", "1e3", "٣"] {
            #expect(Price(amount: wrong, currency: "EUR") == nil)
        }
        for wrong in ["", "eur", "EURO", "€"] { #expect(Price(amount: "1", currency: wrong) == nil) }
    }

    @Test("a price that somebody sends has the digits of its currency")
    func currencies() throws {
        func send(_ amount: String, _ currency: String) throws -> Price {
            try JSONDecoder().decode(Price.self, from: Data(#"{"amount":"\#(amount)","currency":"\#(currency)"}"#.utf8))
        }
        for (amount, currency) in [("19.90", "EUR"), ("19.9", "EUR"), ("1299", "JPY"), ("1.299", "KWD"), ("5", "CLF")] {
            #expect(try send(amount, currency).amount == amount)
        }
        for (amount, currency) in [
            ("19.905", "EUR"), ("1299.5", "JPY"), ("1.2999", "KWD"), ("5", "XYZ"), ("5", "DEM"), ("1,299", "USD"),
            ("1 299", "EUR"), ("€5", "EUR"),
        ] {
            #expect(throws: DecodingError.self) { try send(amount, currency) }
        }
        #expect(Price(amount: "19.905", currency: "EUR") != nil, "a store may hold what was allowed before")
    }

    @Test("the stream's clock stands at 0 before the start, runs, and stands still after the end")
    func streamClock() {
        var stream = Livestream(id: .random(), title: "Show", createdAt: Timestamp(milliseconds: 0))
        #expect(stream.clock(at: Timestamp(milliseconds: 500)) == 0)
        stream.startedAt = Timestamp(milliseconds: 1_000)
        #expect(stream.clock(at: Timestamp(milliseconds: 900)) == 0)
        #expect(stream.clock(at: Timestamp(milliseconds: 3_500)) == 2_500)
        stream.endedAt = Timestamp(milliseconds: 5_000)
        #expect(stream.clock(at: Timestamp(milliseconds: 9_000)) == 4_000)
    }

    @Test("the record's JSON has every key, with null for what is not known")
    func recordJSON() throws {
        let id = try #require(StreamID("stream-0001"))
        let stream = Livestream(id: id, title: "Show", createdAt: Timestamp(milliseconds: 1_795_545_000_123))
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(stream)) as? NSDictionary
        let expected: NSDictionary = [
            "id": "stream-0001", "title": "Show", "description": "", "status": "scheduled",
            "created_at": "2026-11-24T18:30:00.123Z", "scheduled_at": NSNull(), "started_at": NSNull(),
            "ended_at": NSNull(), "likes": 0, "viewer_count": 0, "peak_viewer_count": 0,
            "delivery": ["mode": "auto", "max_direct_viewers": 4], "pinned_products": [], "recording": NSNull(),
            "broadcaster": NSNull(),
        ]
        #expect(json == expected)
    }
}
