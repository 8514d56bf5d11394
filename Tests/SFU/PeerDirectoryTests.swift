import ICE
import TestSupport
import Testing
import Wire

@testable import SFU

@Suite("Who is where")
struct PeerDirectoryTests {
    private final class Peer {}

    private let now = MonotonicTime(nanoseconds: 1_000_000_000_000)
    private let one = Peer()
    private let other = Peer()
    private var generator = SeededGenerator(seed: 1)
    private var directory = PeerDirectory<Peer>()
    private let remote = RemoteCredentials(usernameFragment: "them", password: "a password of theirs")

    init() {
        directory.admit(one, ICECredentials(usernameFragment: "one", password: "1"), remote: remote, at: now)
        directory.admit(other, ICECredentials(usernameFragment: "other", password: "2"), remote: remote, at: now)
    }

    private func endpoint(_ port: UInt16) throws -> Endpoint {
        Endpoint(try #require(SocketAddress("192.0.2.1", port: port)))
    }

    private mutating func check(
        _ fragment: String, _ port: UInt16, nominates: Bool = true, afterMS: Int64 = 0, displaces: Bool = false
    ) throws -> PeerDirectory<Peer>.CheckOutcome {
        directory.receiveCheck(
            fragment, from: try endpoint(port), nominates: nominates, at: now.advanced(byMilliseconds: afterMS),
            using: &generator, displaces: { _, _ in displaces })
    }

    /// The signed answer that a full agent gives to the relay's check.
    private func answer(to check: [UInt8], _ port: UInt16) throws -> [UInt8] {
        let agent = ICELiteResponder(isControlling: true)
        let password = try #require(remote.password)
        guard
            case .checked(_, _, let reply) = agent.receive(
                check, from: try endpoint(port).address, password: { $0 == "them" ? password : nil })
        else {
            Issue.record("it is no good check")
            return []
        }
        return reply
    }

    @Test("a peer is where its first good check came from")
    mutating func first() throws {
        #expect(directory.endpoint(of: one) == nil)
        guard case .reached(let peer) = try check("one", 1) else { return _ = Issue.record("another outcome") }
        #expect(try peer === one && directory.endpoint(of: one) == endpoint(1))
        #expect(try directory.peer(at: endpoint(1)) === one)
        guard case .refused = try check("nobody", 2) else { return _ = Issue.record("another outcome") }
        #expect(directory.endpointCount == 1)
    }

    @Test("nobody takes another one's place, until his consent for it has ended")
    mutating func taken() throws {
        _ = try check("one", 1)
        _ = try check("other", 2)
        guard case .refused = try check("other", 1) else { return _ = Issue.record("another outcome") }
        #expect(try directory.peer(at: endpoint(1)) === one && directory.endpoint(of: other) == endpoint(2))
        _ = try check("one", 3, nominates: false, afterMS: 20_000)
        guard case .refused = try check("other", 1, afterMS: 29_000) else { return _ = Issue.record("another outcome") }
        guard case .probe = try check("other", 1, afterMS: 31_000) else { return _ = Issue.record("another outcome") }
        #expect(try directory.peer(at: endpoint(1)) === other)
        #expect(try directory.endpoint(of: one) == endpoint(3), "it is still where else it has been heard")
    }

    @Test("who comes again to what was his own has it at once")
    mutating func again() throws {
        _ = try check("one", 1)
        guard case .reached = try check("other", 1, displaces: true) else { return _ = Issue.record("another outcome") }
        #expect(try directory.peer(at: endpoint(1)) === other && directory.endpoint(of: one) == nil)
    }

    @Test("a peer moves when the other address has answered, and not before")
    mutating func moves() throws {
        _ = try check("one", 1)
        guard case .noted = try check("one", 2, nominates: false) else { return _ = Issue.record("another outcome") }
        guard case .probe(let probe) = try check("one", 2) else { return _ = Issue.record("another outcome") }
        #expect(try directory.endpoint(of: one) == endpoint(1) && directory.peer(at: endpoint(2)) === one)
        let reply = try answer(to: probe, 2)
        #expect(try directory.receiveAnswer(reply, from: endpoint(1), at: now) == nil, "from elsewhere")
        var forged = reply
        forged[24] ^= 1
        #expect(try directory.receiveAnswer(forged, from: endpoint(2), at: now) == nil)
        guard
            case .moved(let peer, let place, 30)? = directory.receiveAnswer(
                reply, from: try endpoint(2), at: now.advanced(byMilliseconds: 30))
        else { return _ = Issue.record("another outcome") }
        #expect(try peer === one && place == endpoint(2) && directory.endpoint(of: one) == place)
        #expect(try directory.receiveAnswer(reply, from: endpoint(2), at: now) == nil, "it counts once")
    }

    @Test("an address that doesn't answer gets nothing, and who doesn't when asked is gone")
    mutating func silence() throws {
        _ = try check("one", 1)
        _ = try check("one", 2)
        var time = now
        var sent = 0
        func advance(_ directory: inout PeerDirectory<Peer>) -> Bool {
            time = time.advanced(byMilliseconds: 250)
            return directory.advanceProbes(at: time).contains {
                if case .again = $0 { sent += 1 }
                if case .gone = $0 { return true }
                return false
            }
        }
        for _ in 0..<20 { #expect(!advance(&directory)) }
        #expect(try sent == 7 && directory.endpoint(of: one) == endpoint(1) && !directory.isProbing)
        _ = directory.probe(one, at: try endpoint(1), for: .consent, at: time, using: &generator)
        #expect((0..<20).contains { _ in advance(&directory) })
    }

    @Test("a round trip is as long as it takes, and unknown where an answer may be to either of two checks")
    mutating func roundTrip() throws {
        _ = try check("one", 1)
        for (purpose, known) in [(PeerResidence.Probe.Purpose.roundTrip, 700 as Int64?), (.consent, nil)] {
            let asked = directory.probe(one, at: try endpoint(1), for: purpose, at: now, using: &generator)
            let reply = try answer(to: #require(asked), 1)
            for later: Int64 in [250, 500] { _ = directory.advanceProbes(at: now.advanced(byMilliseconds: later)) }
            guard
                case .answered(_, let trip)? = directory.receiveAnswer(
                    reply, from: try endpoint(1), at: now.advanced(byMilliseconds: 700))
            else { return _ = Issue.record("no answer") }
            #expect(trip == known)
        }
    }

    @Test("keeps some pairs of each, and forgets all of who leaves")
    mutating func bounds() throws {
        for port in 1...30 { _ = try check("one", UInt16(port)) }
        #expect(directory.endpointCount == PeerResidence.maximumPairs)
        #expect(try directory.peer(at: endpoint(1)) === one, "where it is sent to stays")
        directory.restart(one, with: ICECredentials(usernameFragment: "new", password: "3"), remote: remote)
        #expect(directory.password(for: "one") == "1" && directory.password(for: "new") == "3")
        _ = try check("new", 1)
        #expect(directory.password(for: "one") == nil)
        directory.leave(one)
        #expect(directory.endpointCount == 0 && directory.fragmentCount == 1 && directory.count == 1)
        #expect(directory.expired(at: now.advanced(byMilliseconds: 31_000)).count == 1)
    }
}
