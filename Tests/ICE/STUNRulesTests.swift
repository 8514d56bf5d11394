import CNicePeer
import Net
import Synchronization
import TestSupport
import Testing
import Wire

@testable import ICE

/// RFC 8489 and RFC 8445, section 7, where a client does what the book allows, or what it doesn't.
@Suite("A STUN request")
struct STUNRulesTests {
    private static let password = "ourpasswordourpassword12"
    private static let transaction = [UInt8](0..<12)
    private let source: SocketAddress
    private let responder = ICELiteResponder()

    init() throws { source = try #require(SocketAddress("192.0.2.1", port: 5_000)) }

    /// A check as browsers make it, but for what is said.
    private func request(
        kind: UInt16 = 0x0001, username: String? = "ours:theirs", password: String? = password,
        before: [(UInt16, [UInt8])] = [], after: [(UInt16, [UInt8])] = []
    ) -> [UInt8] {
        var writer = STUNWriter(kind, transaction: Self.transaction)
        if let username { writer.append(0x0006, Array(username.utf8)) }
        writer.append(0x802A, [1, 2, 3, 4, 5, 6, 7, 8])  // ICE-CONTROLLING
        writer.append(0x0024, [110, 0, 0, 1])
        writer.append(0x0025, [])
        for (type, value) in before { writer.append(type, value) }
        if let password { writer.sign(with: Array(password.utf8)) }
        for (type, value) in after { writer.append(type, value) }
        writer.appendFingerprint()
        return writer.bytes
    }

    private func outcome(_ request: [UInt8]) -> ICELiteResponder.Outcome {
        responder.receive(request, from: source) { $0 == "ours" ? Self.password : nil }
    }

    private func isChecked(_ request: [UInt8]) -> Bool {
        guard case .checked("ours", true, let reply) = outcome(request), let message = STUNMessage(reply) else {
            return false
        }
        return message.kind == 0x0101 && message.isSigned(with: Array(Self.password.utf8))
    }

    /// The error that is answered, with what is in the answer.
    private func error(_ request: [UInt8]) -> (code: Int, isSigned: Bool, message: STUNMessage)? {
        guard case .refused(let reply) = outcome(request), let message = STUNMessage(reply),
            message.transaction == Self.transaction, message.kind == 0x0111,
            let value = message.value(of: 0x0009).map(Array.init)
        else { return nil }
        let isSigned = message.value(of: 0x0008) != nil
        return (Int(value[2]) * 100 + Int(value[3]), isSigned, message)
    }

    @Test("is a check when it is as browsers make it, with any attributes that need not be understood")
    func good() {
        #expect(isChecked(request()))
        #expect(isChecked(request(before: [(0xC057, [0, 1, 0, 1]), (0x8022, [65, 66, 67]), (0xFFFF, [])])))
    }

    @Test(
        "that has to be understood and isn't is told what isn't, signed",
        arguments: [[0x7777], [0x0003], [0x0019, 0x0026], [0x001C], [0x0013]] as [[UInt16]])
    func unknown(types: [UInt16]) throws {
        let found = try #require(error(request(before: types.map { ($0, [1, 2, 3, 4]) })))
        #expect(found.code == 420)
        #expect(found.message.isSigned(with: Array(Self.password.utf8)))
        let listed = try #require(found.message.value(of: 0x000A).map(Array.init))
        #expect(listed == types.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
    }

    @Test("is a check whatever stands behind its signature")
    func behind() { #expect(isChecked(request(after: [(0x001C, [UInt8](repeating: 1, count: 32)), (0x7777, [])]))) }

    @Test("without credentials is told so, and with wrong ones; neither answer is signed, nor says what it knows")
    func credentials() throws {
        let strange: [(UInt16, [UInt8])] = [(0x7777, [])]
        for (bytes, code) in [
            (request(username: nil), 400), (request(password: nil), 400),
            (request(username: nil, password: nil, before: strange), 400), (request(password: "wrong"), 401),
            (request(username: "others:theirs"), 401), (request(password: "wrong", before: strange), 401),
            (request(username: ""), 401), (request(username: ":"), 401),
        ] {
            let found = try #require(error(bytes))
            #expect(found.code == code && !found.isSigned)
        }
    }

    @Test("is not what isn't one: indications, answers, other methods")
    func others() {
        for kind in [0x0011, 0x0101, 0x0111, 0x0003, 0x0016] as [UInt16] {
            #expect(outcome(request(kind: kind)) == .ignored)
            #expect(outcome(request(kind: kind, username: nil, password: nil)) == .ignored)
        }
    }

    @Test("may name fragments of 256 bytes each (RFC 8445, section 5.3)")
    func longFragments() throws {
        let (ours, theirs) = (String(repeating: "o", count: 256), String(repeating: "t", count: 256))
        let bytes = request(username: "\(ours):\(theirs)")
        let found = responder.receive(bytes, from: source) { $0 == ours ? Self.password : nil }
        guard case .checked(ours, true, let reply) = found else {
            Issue.record("\(found)")
            return
        }
        #expect(STUNMessage(reply)?.isSigned(with: Array(Self.password.utf8)) == true)
        let longer = request(username: "\(ours)\(ours):\(theirs)")
        #expect(responder.receive(longer, from: source, password: { _ in Self.password }) != found)
    }

    @Test("can say of its lengths what it will")
    func lengths() {
        var generator = SeededGenerator(seed: 11)
        let good = request(before: [(0x8022, [1, 2, 3])])
        for _ in 0..<20_000 {
            var bytes = good
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            if Bool.random(using: &generator) {
                bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
                if bytes.count >= 4 { STUNMessage.setLength(of: &bytes, bytes.count - 20) }
            }
            if case .checked = outcome(bytes) { #expect(bytes == good) }
        }
    }

    // MARK: Ours

    @Test("of our own is answered by a full agent, and by nobody without its password")
    func addressCheck() throws {
        let agent = try #require(nice_peer_create())
        defer { nice_peer_free(agent) }
        let remote = ICECredentials(
            usernameFragment: String(cString: nice_peer_fragment(agent)),
            password: String(cString: nice_peer_password(agent)))
        let local = ICECredentials(usernameFragment: "ours", password: Self.password)
        let port = try UDPPort(binding: #require(SocketAddress("127.0.0.1", port: 0)))
        let loop = PollLoop(name: "test")
        let isAnswered = Atomic(false)
        let isFooled = Atomic(false)
        let responder = ICELiteResponder()
        var generator = SeededGenerator(seed: 3)
        let check = AddressCheck(remote: remote, localFragment: local.usernameFragment, using: &generator)
        let other = AddressCheck(
            remote: ICECredentials(usernameFragment: remote.usernameFragment, password: "another"),
            localFragment: local.usernameFragment, using: &generator)
        nonisolated(unsafe) let unsafePort = port
        nonisolated(unsafe) let unsafeResponder = responder
        loop.add(port.descriptor) { _, _ in
            _ = unsafePort.receive { bytes, source in
                let datagram = Array(bytes)
                if AddressCheck.isAnswer(datagram) {
                    if check.accepts(datagram) { isAnswered.store(true, ordering: .relaxed) }
                    if other.accepts(datagram) { isFooled.store(true, ordering: .relaxed) }
                    var changed = datagram
                    changed[changed.count - 12] ^= 1
                    if check.accepts(changed) { isFooled.store(true, ordering: .relaxed) }
                    return
                }
                let outcome = unsafeResponder.receive(datagram, from: source) { _ in local.password }
                guard case .checked(_, let nominates, let reply) = outcome else { return }
                unsafePort.send(reply, to: source)
                guard nominates else { return }
                unsafePort.send(check.datagram, to: source)
                unsafePort.send(other.datagram, to: source)
            }
        }
        loop.start { _ in nil }
        defer { loop.stop() }
        #expect(
            nice_peer_connect(
                agent, local.usernameFragment, local.password, "127.0.0.1", UInt32(port.address.port), 5_000) == 1)
        for _ in 0..<500 where !isAnswered.load(ordering: .relaxed) { _ = nice_peer_hears(agent, 255, 10) }
        let found = (isAnswered: isAnswered.load(ordering: .relaxed), isFooled: isFooled.load(ordering: .relaxed))
        #expect(found.isAnswered)
        #expect(!found.isFooled)
    }
}
