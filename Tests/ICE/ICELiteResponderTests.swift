import Testing
import Wire

@testable import ICE

@Suite("ICE-lite")
struct ICELiteResponderTests {
    /// RFC 5769, section 2.1: a sample request, with its user name and password.
    private let request: [UInt8] = [
        0x00, 0x01, 0x00, 0x58, 0x21, 0x12, 0xa4, 0x42, 0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87,
        0xdf, 0xae, 0x80, 0x22, 0x00, 0x10, 0x53, 0x54, 0x55, 0x4e, 0x20, 0x74, 0x65, 0x73, 0x74, 0x20, 0x63, 0x6c,
        0x69, 0x65, 0x6e, 0x74, 0x00, 0x24, 0x00, 0x04, 0x6e, 0x00, 0x01, 0xff, 0x80, 0x29, 0x00, 0x08, 0x93, 0x2f,
        0xf9, 0xb1, 0x51, 0x26, 0x3b, 0x36, 0x00, 0x06, 0x00, 0x09, 0x65, 0x76, 0x74, 0x6a, 0x3a, 0x68, 0x36, 0x76,
        0x59, 0x20, 0x20, 0x20, 0x00, 0x08, 0x00, 0x14, 0x9a, 0xea, 0xa7, 0x0c, 0xbf, 0xd8, 0xcb, 0x56, 0x78, 0x1e,
        0xf2, 0xb5, 0xb2, 0xd3, 0xf2, 0x49, 0xc1, 0xb5, 0x71, 0xa2, 0x80, 0x28, 0x00, 0x04, 0xe5, 0x7a, 0x3b, 0xcf,
    ]
    private let password = "VOkJxbRl1RmTxUk/WvJxBt"

    @Test("reads a check as RFC 5769 has it, and answers it")
    func check() throws {
        let source = try #require(SocketAddress("192.0.2.1", port: 32_853))
        var asked: [String] = []
        let outcome = ICELiteResponder().receive(request, from: source) { fragment in
            asked.append(fragment)
            return password
        }
        #expect(asked == ["evtj"])
        // The sample's sender is the controlled one, like us: a conflict of roles (RFC 8445, section 7.3.1.1).
        guard case .refused(let reply) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(Array(reply.prefix(2)) == [0x01, 0x11] && Array(reply[4..<20]) == Array(request[4..<20]))
        #expect(reply.contains(4) && reply.contains(87), "487")
    }

    @Test("takes no check that is forged, unknown or cut off")
    func forged() throws {
        let source = try #require(SocketAddress("192.0.2.1", port: 32_853))
        let ours = ICELiteResponder()
        for index in request.indices.dropFirst(20) {
            var bytes = request
            bytes[index] ^= 0x10
            if case .checked = ours.receive(bytes, from: source, password: { _ in password }) {
                Issue.record("byte \(index) may be changed")
            }
        }
        for length in 0..<request.count {
            #expect(ours.receive(Array(request.prefix(length)), from: source, password: { _ in password }) == .ignored)
        }
        if case .checked = ours.receive(request, from: source, password: { _ in nil }) {
            Issue.record("nobody's check")
        }
        if case .checked = ours.receive(request, from: source, password: { _ in "wrong" }) { Issue.record("wrong") }
    }

    @Test("addresses are read and written as people do")
    func addresses() {
        #expect(SocketAddress("192.0.2.1", port: 1)?.host == "192.0.2.1")
        #expect(SocketAddress("2001:db8::7", port: 1)?.host == "2001:db8::7")
        for wrong in ["", "localhost", "1.2.3", "1.2.3.4.5", "::g"] { #expect(SocketAddress(wrong, port: 1) == nil) }
    }
}
