/// Who a connected client is (docs/protocol.md, part 1).
package enum ClientRole: String, Codable, Sendable {
    case admin
    case customer
}
