extension SocketAddress {
    /// One peer can be there: it has a port, and is no wildcard, broadcast or multicast address. What comes from another
    /// is forged, and an answer would be refused by the kernel or go to many (RFC 1122, section 3.2.1.3; RFC 4291,
    /// section 2.7).
    package var isSendable: Bool {
        guard port != 0, !isWildcard else { return false }
        guard isIPv4 else { return high >> 56 != 0xFF }
        // 0/8 is no destination, 224/4 multicast, 240/4 reserved, with the broadcast address at its end.
        return low >> 24 != 0 && low >> 24 < 224
    }

    /// Whom one customer can be taken for, as a limit counts: the address in IPv4, its /64 in IPv6, which is what one
    /// line has (RFC 6177).
    package var network: Self { Self(high: high, low: isIPv4 ? low : 0, port: 0, isIPv4: isIPv4) }
}
