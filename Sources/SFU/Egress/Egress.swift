import Net
import SRTP
import Wire

/// From the rings to the viewers: the part of the relay that costs the most. Nothing here is allocated, counted by
/// reference or locked for a packet.
struct Egress: ~Copyable {
    private static let arenaBytes = 512 << 10
    private static let headerBytes = 12

    private let outlet: any RelayOutlet
    private var batch: DatagramBatch
    private var plan = SendPlan()
    /// Groups that were overwritten while they were being sealed.
    private(set) var overrun: UInt64 = 0

    /// `mapped`: the sockets behind the outlet speak IPv6, too.
    init(outlet: any RelayOutlet, mapped: Bool) {
        self.outlet = outlet
        batch = DatagramBatch(arenaBytes: Self.arenaBytes, messages: 64, mapped: mapped)
    }

    /// What of a feed is needed for each packet, without the feed itself.
    private struct Track {
        let number: Int
        let media: UInt32
        let repair: UInt32

        init(_ feed: TrackFeed) {
            number = feed.kind.number
            media = feed.sources.media
            repair = feed.sources.repair
        }
    }

    /// Sends what `feed` has of `range` to those of the viewers at these positions who have had all before it. It may
    /// stay in the batch until `flush`.
    mutating func send(
        _ feed: TrackFeed, _ range: Range<UInt64>, to downlinks: borrowing DownlinkTable, at positions: Range<Int>
    ) {
        guard !positions.isEmpty else { return }
        let track = Track(feed)
        var start = range.lowerBound
        while start < range.upperBound {
            plan.fill(from: feed, start..<range.upperBound)
            for position in positions {
                let downlink = downlinks.pointer(position)
                guard downlink.pointee.tracks[track.number].isAt(start) else { continue }
                sendPlan(track, to: downlink)
            }
            start = plan.range.upperBound
        }
    }

    /// Sends one viewer what `feed` has of `range`, which begins where the viewer is.
    mutating func send(_ feed: TrackFeed, _ range: Range<UInt64>, to downlink: UnsafeMutablePointer<Downlink>) {
        plan.fill(from: feed, range)
        sendPlan(Track(feed), to: downlink)
    }

    /// Sends a packet that came behind others to everybody who is past it.
    mutating func sendLate(_ index: UInt64, of feed: TrackFeed, to downlinks: borrowing DownlinkTable) {
        let track = Track(feed)
        plan.fill(from: feed, index..<index + 1)
        guard plan.packetCount == 1 else { return }
        for position in 0..<downlinks.count {
            let downlink = downlinks.pointer(position)
            guard downlink.pointee.tracks[track.number].isPast(index) else { continue }
            send(plan.group(0), of: track, to: downlink)
        }
    }

    /// Sends a packet that a viewer misses once more: in the form of RFC 4588 where the viewer speaks it. False when it
    /// can't be had any more.
    mutating func repair(
        _ sequence: UInt16, of feed: TrackFeed, to downlink: UnsafeMutablePointer<Downlink>
    ) -> Bool {
        let track = Track(feed)
        guard let index = downlink.pointee.tracks[track.number].index(of: sequence) else { return false }
        plan.fill(from: feed, index..<index + 1)
        guard plan.packetCount == 1 else { return false }
        guard let payloadType = downlink.pointee.tracks[track.number].repairPayloadType else {
            send(plan.group(0), of: track, to: downlink)
            return true
        }
        let packet = plan.packet(0)
        let overhead = Self.headerBytes + 2 + downlink.pointee.sealer.overheadBytes
        guard let room = room(packet.payload.count + overhead) else { return false }
        let number = downlink.pointee.tracks[track.number].nextRepairNumber()
        Self.writeHeader(packet, payloadType: payloadType, number: number, ssrc: track.repair, to: room)
        let bytes = downlink.pointee.sealer.seal(
            headerBytes: Self.headerBytes, prefix: sequence, payload: packet.payload,
            rolloverCounter: UInt32(truncatingIfNeeded: number >> 16), into: room)
        guard packet.isIntact else { return false }
        commit(bytes, to: downlink.pointee.endpoint, segmentBytes: bytes)
        return true
    }

    mutating func flush() {
        if batch.count > 0 { outlet.send(&batch) }
    }

    private mutating func sendPlan(_ track: Track, to downlink: UnsafeMutablePointer<Downlink>) {
        for number in 0..<plan.groupCount { send(plan.group(number), of: track, to: downlink) }
        downlink.pointee.tracks[track.number].next = plan.range.upperBound
    }

    /// Seals a group's packets for one viewer, side by side, and makes them one message.
    private mutating func send(
        _ group: SendPlan.Group, of track: Track, to downlink: UnsafeMutablePointer<Downlink>
    ) {
        guard let payloadType = downlink.pointee.tracks[track.number].payloadType else { return }
        let overhead = Self.headerBytes + downlink.pointee.sealer.overheadBytes
        guard let room = room(group.totalBytes + group.count * overhead) else { return }
        var used = 0
        for position in group.first..<group.first + group.count {
            let packet = plan.packet(position)
            let output = UnsafeMutableRawBufferPointer(rebasing: room[used...])
            let number = downlink.pointee.tracks[track.number].number(of: packet.index)
            Self.writeHeader(packet, payloadType: payloadType, number: number, ssrc: track.media, to: output)
            used += downlink.pointee.sealer.seal(
                headerBytes: Self.headerBytes, payload: packet.payload,
                rolloverCounter: UInt32(truncatingIfNeeded: number >> 16), into: output)
            guard packet.isIntact else { return overrun += 1 }
        }
        downlink.pointee.tracks[track.number].count(packets: group.count, payloadBytes: group.mediaBytes)
        commit(used, to: downlink.pointee.endpoint, segmentBytes: group.payloadBytes + overhead)
    }

    /// RFC 3550, section 5.1: what differs from viewer to viewer is the sequence number.
    private static func writeHeader(
        _ packet: RingPacket, payloadType: UInt8, number: UInt64, ssrc: UInt32,
        to output: UnsafeMutableRawBufferPointer
    ) {
        output[0] = packet.paddingBytes > 0 ? 0xA0 : 0x80
        output[1] = (packet.marker ? 0x80 : 0) | payloadType
        let sequence = UInt16(truncatingIfNeeded: number)
        output.storeBytes(of: sequence.bigEndian, toByteOffset: 2, as: UInt16.self)
        output.storeBytes(of: packet.timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        output.storeBytes(of: ssrc.bigEndian, toByteOffset: 8, as: UInt32.self)
    }

    private mutating func room(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
        if let room = batch.room(bytes) { return room }
        flush()
        return batch.room(bytes)
    }

    private mutating func commit(_ bytes: Int, to endpoint: Endpoint, segmentBytes: Int) {
        guard bytes > 0 else { return }
        if endpoint.isUDP {
            batch.append(bytes, to: endpoint.address, segmentBytes: segmentBytes)
        } else if let room = batch.room(bytes) {
            // A connection has its own queue, and costs more than a datagram in any case.
            for start in stride(from: 0, to: bytes, by: segmentBytes) {
                outlet.send(Array(room[start..<min(bytes, start + segmentBytes)]), to: endpoint)
            }
        }
    }
}
