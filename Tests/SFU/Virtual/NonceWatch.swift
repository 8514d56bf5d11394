import Wire

/// Sees whether two packets with other bytes leave under one number: that gives GCM's key away (RFC 7714, section 8).
struct NonceWatch {
    private struct Name: Hashable {
        let address: SocketAddress
        let source: ArraySlice<UInt8>
        let sequence: ArraySlice<UInt8>
    }

    private var seen: [Name: [UInt8]] = [:]
    private(set) var reused = 0

    mutating func see(_ datagram: [UInt8], to address: SocketAddress) {
        guard datagram.count > 12, (128...191).contains(datagram[0]), !(192...223).contains(datagram[1]) else { return }
        let name = Name(address: address, source: datagram[8..<12], sequence: datagram[2..<4])
        if let former = seen.updateValue(datagram, forKey: name), former != datagram { reused += 1 }
    }
}
