package import Glibc

/// An IPv4 or IPv6 address with a port. It lies in place: nothing is allocated for one.
package struct SocketAddress: Hashable, Sendable {
    /// The address's bytes as numbers; an IPv4 address is in the lowest four.
    let high: UInt64
    let low: UInt64
    package let port: UInt16
    package let isIPv4: Bool

    /// Nil unless `bytes` are 4 or 16, in network order.
    package init?(bytes: [UInt8], port: UInt16) {
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: number(bytes.dropLast(8)), low: number(bytes.suffix(8)), port: port, isIPv4: bytes.count == 4)
    }

    init(high: UInt64, low: UInt64, port: UInt16, isIPv4: Bool) {
        // An IPv4 address that a socket of both families has seen (RFC 4291, section 2.5.5.2).
        let isMapped = !isIPv4 && high == 0 && low >> 32 == 0xFFFF
        self.high = isIPv4 ? 0 : high
        self.low = isMapped ? low & 0xFFFF_FFFF : low
        self.port = port
        self.isIPv4 = isIPv4 || isMapped
    }

    /// Reads `192.0.2.1` or `2001:db8::1`.
    package init?(_ text: String, port: UInt16) {
        var four = in_addr()
        var six = in6_addr()
        if unsafe inet_pton(AF_INET, text, &four) == 1 {
            self.init(bytes: unsafe withUnsafeBytes(of: four) { unsafe Array($0) }, port: port)
        } else if unsafe inet_pton(AF_INET6, text, &six) == 1 {
            self.init(bytes: unsafe withUnsafeBytes(of: six) { unsafe Array($0) }, port: port)
        } else {
            return nil
        }
    }

    /// From what the kernel gave; nil for another family.
    package init?(_ storage: borrowing sockaddr_storage) {
        let family = Int32(storage.ss_family)
        guard family == AF_INET || family == AF_INET6 else { return nil }
        self = unsafe withUnsafeBytes(of: storage) { bytes in
            let port = UInt16(bigEndian: unsafe bytes.load(fromByteOffset: 2, as: UInt16.self))
            guard family == AF_INET6 else {
                let low = UInt32(bigEndian: unsafe bytes.load(fromByteOffset: 4, as: UInt32.self))
                return Self(high: 0, low: UInt64(low), port: port, isIPv4: true)
            }
            let high = UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            let low = UInt64(bigEndian: unsafe bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self))
            return Self(high: high, low: low, port: port, isIPv4: false)
        }
    }

    /// In network order: 4 or 16.
    package var bytes: [UInt8] {
        func bytes(_ number: UInt64, _ count: Int) -> [UInt8] {
            (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
        }
        return isIPv4 ? bytes(low, 4) : bytes(high, 8) + bytes(low, 8)
    }

    package func with(port: UInt16) -> Self { Self(high: high, low: low, port: port, isIPv4: isIPv4) }

    /// `0.0.0.0` or `::`.
    package var isWildcard: Bool { high == 0 && low == 0 }

    /// The address alone, as people write it.
    package var host: String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let written = unsafe bytes.withUnsafeBytes {
            unsafe inet_ntop(isIPv4 ? AF_INET : AF_INET6, $0.baseAddress, &text, socklen_t(text.count))
        }
        guard unsafe written != nil else { return "" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Writes the address as a socket takes it: `mapped` for a socket of both families. How many bytes that are.
    package func write(to target: inout sockaddr_in6, mapped: Bool) -> UInt16 {
        unsafe withUnsafeMutableBytes(of: &target) { bytes in
            unsafe bytes.initializeMemory(as: UInt8.self, repeating: 0)
            unsafe bytes.storeBytes(of: port.bigEndian, toByteOffset: 2, as: UInt16.self)
            if isIPv4 && !mapped {
                unsafe bytes.storeBytes(of: sa_family_t(AF_INET), as: sa_family_t.self)
                unsafe bytes.storeBytes(of: UInt32(truncatingIfNeeded: low).bigEndian, toByteOffset: 4, as: UInt32.self)
                return UInt16(MemoryLayout<sockaddr_in>.size)
            }
            unsafe bytes.storeBytes(of: sa_family_t(AF_INET6), as: sa_family_t.self)
            let words = isIPv4 ? (0, 0xFFFF << 32 | low) : (high, low)
            unsafe bytes.storeBytes(of: words.0.bigEndian, toByteOffset: 8, as: UInt64.self)
            unsafe bytes.storeBytes(of: words.1.bigEndian, toByteOffset: 16, as: UInt64.self)
            return UInt16(MemoryLayout<sockaddr_in6>.size)
        }
    }

    /// Calls `body` with the address as C libraries take it.
    package func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr_storage>, socklen_t) -> Result) -> Result {
        var storage = sockaddr_storage()
        let length = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
                unsafe write(to: &$0.pointee, mapped: false)
            }
        }
        return unsafe withUnsafePointer(to: storage) { unsafe body($0, socklen_t(length)) }
    }
}
