import SRTP
import Wire

/// Encrypts a publisher's packets, one at a time.
final class RTPSealing {
    private var sealer: RTPSealer
    private let output = UnsafeMutableRawBufferPointer.allocate(byteCount: 2_048, alignment: 64)

    init(_ keys: SRTPKeys) throws(SRTPFailure) { sealer = try RTPSealer(keys) }

    deinit { output.deallocate() }

    /// The packet as it goes out, until the next call; nil when it is too long.
    func seal(header: ArraySlice<UInt8>, prefix: UInt16?, payload: ArraySlice<UInt8>, rolloverCounter: UInt32)
        -> UnsafeRawBufferPointer?
    {
        guard header.count < output.count else { return nil }
        output.copyBytes(from: header)
        let count = payload.withUnsafeBytes {
            sealer.seal(
                headerBytes: header.count, prefix: prefix, payload: $0, rolloverCounter: rolloverCounter, into: output)
        }
        return count > 0 ? UnsafeRawBufferPointer(rebasing: output[..<count]) : nil
    }
}
