package import Wire

/// Checks and decrypts the RTP that one peer sends, in place (RFC 3711, RFC 7714), with OpenSSL: for many sessions at
/// once it costs a tenth of what `UplinkSession` does. It has no replay protection: whoever counts packets wants to see
/// those that come twice.
package final class RTPOpener {
    /// What is known of one source's place in its sequence.
    private struct Source {
        let ssrc: UInt32
        var rolloverCounter: UInt32 = 0
        var highest: UInt16
    }

    private static let maximumSources = 16

    private let context: CipherContext
    private let salt: SessionSalt
    private let authentication: HMACSHA1?
    private var sources: [Source] = []

    /// Of `keys`, the remote ones count.
    package init(_ keys: SRTPKeys) throws(SRTPFailure) {
        switch try SessionKeys.rtp(keys.remote, keys.profile) {
        case .galois(let key, let salt):
            context = try CipherContext(.galois)
            self.salt = salt
            authentication = nil
            guard context.setKey(key) else { throw .openSSL }
        case .counterMode(let key, let salt, let authentication):
            context = try CipherContext(.counter)
            self.salt = salt
            self.authentication = authentication
            guard context.setKey(key) else { throw .openSSL }
        }
        sources.reserveCapacity(Self.maximumSources)
    }

    private var tagBytes: Int { authentication == nil ? GaloisCipher.tagBytes : CounterModeCipher.tagBytes }

    /// Opens a packet in place. Unless it says `opened`, what is there then is not to be used.
    package func open(_ packet: UnsafeMutableRawBufferPointer) -> OpenResult {
        let whole = UnsafeRawBufferPointer(packet)
        guard let headerBytes = RTPHeaderLength.of(whole), packet.count - headerBytes >= tagBytes,
            let start = packet.baseAddress
        else { return .malformed }
        let sequence = UInt16(bigEndian: whole.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        let ssrc = UInt32(bigEndian: whole.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard let number = source(ssrc, sequence) else { return .malformed }
        let counter = rolloverCounter(of: sources[number], sequence)
        let plainBytes = packet.count - tagBytes
        let packetIndex = UInt64(counter) << 16 | UInt64(sequence)
        let isOpen = open(start, headerBytes, plainBytes, ssrc: ssrc, index: packetIndex)
        guard isOpen else { return .forged }
        advance(number, to: sequence, counter)
        return .opened(byteCount: plainBytes)
    }

    /// The first two bytes of a payload, unchecked: in a retransmission the number of the original (RFC 4588, section
    /// 4). Nobody may rely on them for more than a count.
    package func peek(_ packet: UnsafeRawBufferPointer) -> UInt16? {
        guard let headerBytes = RTPHeaderLength.of(packet), packet.count >= headerBytes + 2 else { return nil }
        let sequence = UInt16(bigEndian: packet.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
        let ssrc = UInt32(bigEndian: packet.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
        guard let number = source(ssrc, sequence) else { return nil }
        let counter = rolloverCounter(of: sources[number], sequence)
        let index = UInt64(counter) << 16 | UInt64(sequence)
        let isBegun =
            authentication == nil
            ? context.beginOpening(salt.galoisVector(ssrc: ssrc, index: index))
            : context.begin(salt.counterModeVector(ssrc: ssrc, index: index))
        var word: UInt16 = 0
        let body = UnsafeRawBufferPointer(rebasing: packet[headerBytes..<headerBytes + 2])
        guard isBegun,
            withUnsafeMutableBytes(of: &word, { $0.baseAddress.map { context.update(body, to: $0) } }) == true
        else { return nil }
        advance(number, to: sequence, counter)
        return UInt16(bigEndian: word)
    }

    private func open(
        _ start: UnsafeMutableRawPointer, _ headerBytes: Int, _ plainBytes: Int, ssrc: UInt32, index: UInt64
    ) -> Bool {
        let header = UnsafeRawBufferPointer(start: start, count: headerBytes)
        let body = UnsafeRawBufferPointer(start: start + headerBytes, count: plainBytes - headerBytes)
        let tag = UnsafeRawBufferPointer(start: start + plainBytes, count: tagBytes)
        guard let authentication else {
            return context.beginOpening(salt.galoisVector(ssrc: ssrc, index: index))
                && context.authenticate(header) && context.update(body, to: start + headerBytes)
                && context.finish(expecting: tag)
        }
        let signed = UnsafeRawBufferPointer(start: start, count: plainBytes)
        return authentication.verify(signed, UInt32(truncatingIfNeeded: index >> 16), tag: tag)
            && context.begin(salt.counterModeVector(ssrc: ssrc, index: index))
            && context.update(body, to: start + headerBytes)
    }

    private func source(_ ssrc: UInt32, _ sequence: UInt16) -> Int? {
        if let known = sources.firstIndex(where: { $0.ssrc == ssrc }) { return known }
        guard sources.count < Self.maximumSources else { return nil }
        sources.append(Source(ssrc: ssrc, highest: sequence))
        return sources.count - 1
    }

    /// RFC 3711, appendix A.
    private func rolloverCounter(of source: Source, _ sequence: UInt16) -> UInt32 {
        let isFarAhead = Int(sequence) - Int(source.highest) > 0x8000
        let isFarBehind = Int(source.highest) - Int(sequence) > 0x8000
        if isFarBehind { return source.rolloverCounter &+ 1 }
        return isFarAhead && source.rolloverCounter > 0 ? source.rolloverCounter - 1 : source.rolloverCounter
    }

    private func advance(_ number: Int, to sequence: UInt16, _ counter: UInt32) {
        if counter > sources[number].rolloverCounter {
            sources[number].rolloverCounter = counter
            sources[number].highest = sequence
        } else if counter == sources[number].rolloverCounter {
            sources[number].highest = max(sources[number].highest, sequence)
        }
    }
}
