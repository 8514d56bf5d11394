package import Wire

/// SRTCP with one peer in both directions.
package struct SRTCPSession: Sendable {
    private var sealer: SRTCPSealer
    private var opener: SRTCPOpener

    package init(_ keys: SRTPKeys) throws(SRTPFailure) {
        sealer = try SRTCPSealer(keys)
        opener = try SRTCPOpener(keys)
    }

    /// See `SRTCPSealer.seal`.
    package mutating func seal(_ compound: [UInt8], with scratch: SRTCPScratch) -> [UInt8]? {
        sealer.seal(compound, with: scratch)
    }

    /// See `SRTCPOpener.open`.
    package mutating func open(_ datagram: [UInt8], with scratch: SRTCPScratch) throws(SRTCPRefusal) -> [UInt8] {
        try opener.open(datagram, with: scratch)
    }
}
