import Foundation
import JWTKit
import Signaling
import Testing
import Wire

@testable import API

@Suite("Who may do what")
struct AuthorityTests {
    @Test("only the whole token is the admin's")
    func adminToken() {
        let admin = AdminAuthority(token: "correct-horse")
        #expect(admin.accepts("correct-horse"))
        for wrong in [nil, "", "correct-hors", "correct-horse!", "Correct-horse", "xorrect-horse"] as [String?] {
            #expect(!admin.accepts(wrong))
        }
        #expect(!AdminAuthority(token: "").accepts(""))
    }

    @Test("a page may connect from its own origin and from allowed ones")
    func origins() {
        let policy = OriginPolicy(allowed: ["https://shop.example", "http://localhost:3000"])
        #expect(policy.accepts(origin: nil, host: "live.example"))
        #expect(policy.accepts(origin: "https://live.example", host: "live.example"))
        #expect(policy.accepts(origin: "http://127.0.0.1:8080", host: "127.0.0.1:8080"))
        #expect(policy.accepts(origin: "https://shop.example:443", host: "live.example"))
        #expect(policy.accepts(origin: "http://localhost:3000", host: "live.example"))
        for foreign in ["https://evil.example", "null", "", "https://shop.example.evil", "http://shop.example"] {
            #expect(!policy.accepts(origin: foreign, host: "live.example"))
        }
        #expect(!policy.accepts(origin: "http://127.0.0.1:8081", host: "127.0.0.1:8080"))
    }

    private struct Claims: JWTPayload {
        let exp: ExpirationClaim
        let stream_id: String?
        func verify(using _: some JWTAlgorithm) throws {}
    }

    @Test("a viewer's token counts while it is valid, signed by the shop, and for this show")
    func viewerToken() async throws {
        let stream = StreamID.random()
        let viewers = await ViewerAuthority(secret: "shared with the shop")
        func token(_ secret: String, lifetime: Double, stream: StreamID?) async throws -> String {
            let claims = Claims(exp: .init(value: .now.addingTimeInterval(lifetime)), stream_id: stream?.text)
            let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret), digestAlgorithm: .sha256)
            return try await keys.sign(claims)
        }
        let good = try await token("shared with the shop", lifetime: 60, stream: nil)
        #expect(await viewers.accepts(good, for: stream))
        #expect(try await viewers.accepts(token("shared with the shop", lifetime: 60, stream: stream), for: stream))
        #expect(try await !viewers.accepts(token("shared with the shop", lifetime: 60, stream: .random()), for: stream))
        #expect(try await !viewers.accepts(token("shared with the shop", lifetime: -60, stream: nil), for: stream))
        #expect(try await !viewers.accepts(token("another secret", lifetime: 60, stream: nil), for: stream))
        #expect(await !viewers.accepts(nil, for: stream))
        #expect(await !viewers.accepts("a.b.c", for: stream))
    }

    @Test("TURN credentials are those that coturn computes")
    func turnCredentials() throws {
        let clock = ServerClock()
        let source = ICEServerSource(
            fixed: [ICEServer(urls: ["stun:stun.example"], username: nil, credential: nil)],
            turnURLs: ["turn:turn.example"], turnSecret: "north", clock: clock)
        let servers = source.servers()
        #expect(servers.count == 2)
        let username = try #require(servers[1].username)
        let expiry = try #require(Int64(username.split(separator: ":")[0]))
        #expect((3_500...3_600).contains(expiry - clock.now.milliseconds / 1_000))
        // base64(HMAC-SHA1("north", "1700000000:vitrine")), computed with `openssl dgst -sha1 -hmac north -binary`
        #expect(
            ICEServerSource.credential(for: "1700000000:vitrine", secret: "north") == "AFKz03ntI1W0eR5PiXKJIf092Vk=")
    }
}
