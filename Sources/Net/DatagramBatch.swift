import CNet
package import Wire

/// Messages on their way out: their bytes in one arena, where they were encrypted to, and where each is to go. Its
/// memory is fixed at start.
package struct DatagramBatch: ~Copyable {
    package static let maximumSegments = 64
    package static let maximumMessageBytes = 65_000

    private let arena: UnsafeMutableRawBufferPointer
    private let messages: UnsafeMutablePointer<cnet_outgoing>
    private let messageCapacity: Int
    /// Whether IPv4 addresses are written as a socket of both families takes them.
    private let isMapped: Bool
    private var used = 0
    package private(set) var count = 0

    /// `mapped`: for a socket of both families.
    package init(arenaBytes: Int, messages capacity: Int, mapped: Bool) {
        arena = .allocate(byteCount: arenaBytes, alignment: 64)
        messages = .allocate(capacity: capacity)
        messages.initialize(repeating: cnet_outgoing(), count: capacity)
        messageCapacity = capacity
        isMapped = mapped
    }

    deinit {
        arena.deallocate()
        messages.deallocate()
    }

    /// Room for one more message of up to `bytes`; nil when the batch must be sent first.
    package func room(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
        guard count < messageCapacity, used + bytes <= arena.count else { return nil }
        return UnsafeMutableRawBufferPointer(rebasing: arena[used..<used + bytes])
    }

    /// Makes the first `bytes` of the room a message to this address, cut into datagrams of `segmentBytes`.
    package mutating func append(_ bytes: Int, to address: SocketAddress, segmentBytes: Int) {
        precondition(bytes <= Self.maximumMessageBytes && bytes <= Self.maximumSegments * segmentBytes)
        let message = messages + count
        message.pointee.data = arena.baseAddress.map { UnsafeRawPointer($0 + used) }
        message.pointee.bytes = UInt32(bytes)
        message.pointee.segment = UInt16(segmentBytes)
        message.pointee.address_length = address.write(to: &message.pointee.address, mapped: isMapped)
        used += bytes
        count += 1
    }

    package mutating func reset() {
        used = 0
        count = 0
    }

    /// Each datagram, as it would be on the wire.
    package func forEachDatagram(_ body: (_ datagram: UnsafeRawBufferPointer, _ to: SocketAddress) -> Void) {
        for number in 0..<count {
            let message = messages[number]
            guard let address = Self.address(message) else { continue }
            var offset = 0
            while offset < Int(message.bytes) {
                let bytes = min(Int(message.segment), Int(message.bytes) - offset)
                body(UnsafeRawBufferPointer(start: message.data + offset, count: bytes), address)
                offset += bytes
            }
        }
    }

    private static func address(_ message: cnet_outgoing) -> SocketAddress? {
        var storage = sockaddr_storage()
        withUnsafeMutableBytes(of: &storage) { target in
            withUnsafeBytes(of: message.address) { target.copyMemory(from: $0) }
        }
        return SocketAddress(storage)
    }

    func withMessages<Result>(_ body: (UnsafeMutablePointer<cnet_outgoing>, Int) -> Result) -> Result {
        body(messages, count)
    }
}
