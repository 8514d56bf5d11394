import Congestion
import Net
import SRTP
import Wire

/// From the rings to the viewers: the part of the relay that costs the most. Nothing here is allocated, counted by
/// reference or locked for a packet.
struct Egress: ~Copyable {
    private static let arenaBytes = 512 << 10
    private static let headerBytes = 12
    /// RFC 8285, section 4.2: its own four bytes, one element of two, one byte of padding.
    private static let extensionBytes = 8
    /// RFC 3550, section 5.1: more, and the byte that counts it would not hold it.
    private static let paddingBytes = 224
    private static let zeros = [UInt8](repeating: 0, count: paddingBytes - 1) + [UInt8(paddingBytes)]

    private let outlet: any RelayOutlet
    private var batch: DatagramBatch
    private var plan = SendPlan()
    /// Where a packet is changed for one viewer.
    private let scratch = UnsafeMutableRawBufferPointer.allocate(byteCount: PacketRing.payloadCapacity, alignment: 16)
    /// Groups that were overwritten while they were being sealed.
    private(set) var overrun: UInt64 = 0

    /// `mapped`: the sockets behind the outlet speak IPv6, too.
    init(outlet: any RelayOutlet, mapped: Bool) {
        self.outlet = outlet
        batch = DatagramBatch(arenaBytes: Self.arenaBytes, messages: 64, mapped: mapped)
    }

    deinit { scratch.deallocate() }

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
        _ feed: TrackFeed, _ range: Range<UInt64>, to downlinks: borrowing DownlinkTable, at positions: Range<Int>,
        now: MonotonicTime
    ) {
        guard !positions.isEmpty else { return }
        let track = Track(feed)
        var start = range.lowerBound
        while start < range.upperBound {
            plan.fill(from: feed, start..<range.upperBound)
            for position in positions {
                let downlink = downlinks.pointer(position)
                guard downlink.pointee.tracks[track.number].isAt(start) else { continue }
                sendPlan(track, to: downlink, at: now)
            }
            start = plan.range.upperBound
        }
    }

    /// Sends one viewer what `feed` has of `range`, which begins where the viewer is.
    mutating func send(
        _ feed: TrackFeed, _ range: Range<UInt64>, to downlink: UnsafeMutablePointer<Downlink>, at now: MonotonicTime
    ) {
        plan.fill(from: feed, range)
        sendPlan(Track(feed), to: downlink, at: now)
    }

    /// Sends a packet that came behind others to everybody who is past it.
    mutating func sendLate(
        _ index: UInt64, of feed: TrackFeed, to downlinks: borrowing DownlinkTable, at now: MonotonicTime
    ) {
        let track = Track(feed)
        plan.fill(from: feed, index..<index + 1)
        guard plan.packetCount == 1 else { return }
        for position in 0..<downlinks.count {
            let downlink = downlinks.pointer(position)
            guard downlink.pointee.tracks[track.number].isPast(index) else { continue }
            send(plan.group(0), of: track, to: downlink, at: now)
        }
    }

    /// Sends a packet that a viewer misses once more: in the form of RFC 4588 where the viewer speaks it, otherwise as it
    /// was, bit for bit: the same number seals it (RFC 7714, section 8). How many bytes that took; 0 when it can't be had
    /// any more.
    mutating func repair(
        _ number: UInt64, at index: UInt64, _ edit: PictureEdit, of feed: TrackFeed,
        to downlink: UnsafeMutablePointer<Downlink>, now: MonotonicTime
    ) -> Int {
        guard let packet = feed.ring.packet(index) else { return 0 }
        let track = Track(feed)
        let downlinkTrack = downlink.pointee.tracks[track.number]
        guard let payloadType = downlinkTrack.payloadType else { return 0 }
        var header = Header(
            payloadType: payloadType, number: number, ssrc: track.media,
            transportExtension: downlinkTrack.transportExtension)
        var prefix: UInt16?
        if let repairPayloadType = downlinkTrack.repairPayloadType {
            header = Header(
                payloadType: repairPayloadType, number: downlink.pointee.tracks[track.number].nextRepairNumber(),
                ssrc: track.repair, transportExtension: downlinkTrack.transportExtension)
            prefix = UInt16(truncatingIfNeeded: number)
        }
        return sendAlone(packet, edit, prefix: prefix, header, to: downlink, at: now)
    }

    /// Sends one viewer the packet that is its next, by itself. How many bytes that took.
    mutating func send(
        _ packet: RingPacket, _ edit: PictureEdit, of feed: TrackFeed, to downlink: UnsafeMutablePointer<Downlink>,
        at now: MonotonicTime
    ) -> Int {
        let track = Track(feed)
        guard let payloadType = downlink.pointee.tracks[track.number].payloadType else { return 0 }
        let number = downlink.pointee.tracks[track.number].number(of: packet.index)
        let bytes = sendAlone(
            packet, edit, prefix: nil,
            Header(
                payloadType: payloadType, number: number, ssrc: track.media,
                transportExtension: downlink.pointee.tracks[track.number].transportExtension), to: downlink, at: now)
        guard bytes > 0 else { return 0 }
        downlink.pointee.tracks[track.number].count(
            packets: 1, payloadBytes: packet.payload.count - Int(packet.paddingBytes))
        return bytes
    }

    /// Sends one viewer a packet of nothing but padding, as a retransmission that repairs nothing: it only shows what its
    /// link carries. How many bytes that took; 0 for a viewer who has no such packets.
    mutating func sendPadding(
        of feed: TrackFeed, to downlink: UnsafeMutablePointer<Downlink>, at now: MonotonicTime
    ) -> Int {
        let track = Track(feed)
        guard let payloadType = downlink.pointee.tracks[track.number].repairPayloadType else { return 0 }
        let number = downlink.pointee.tracks[track.number].nextRepairNumber()
        let header = Header(
            payloadType: payloadType, number: number, ssrc: track.repair,
            transportExtension: downlink.pointee.tracks[track.number].transportExtension)
        let headerBytes = header.bytes
        guard let room = room(Self.paddingBytes + headerBytes + downlink.pointee.sealer.overheadBytes) else { return 0 }
        write(header, isPadded: true, marker: false, timestamp: 0, transport: downlink.pointee.history.next, to: room)
        let bytes = Self.zeros.withUnsafeBytes {
            downlink.pointee.sealer.seal(
                headerBytes: headerBytes, payload: $0, rolloverCounter: UInt32(truncatingIfNeeded: number >> 16),
                into: room)
        }
        downlink.pointee.history.note(packets: 1, bytes: bytes + Self.wireBytes, at: now)
        commit(bytes, to: downlink.pointee.endpoint, segmentBytes: bytes)
        return bytes
    }

    private mutating func sendAlone(
        _ packet: RingPacket, _ edit: PictureEdit, prefix: UInt16?, _ header: Header,
        to downlink: UnsafeMutablePointer<Downlink>, at now: MonotonicTime
    ) -> Int {
        let headerBytes = header.bytes
        let prefixBytes = prefix == nil ? 0 : 2
        guard let room = room(packet.payload.count + headerBytes + prefixBytes + downlink.pointee.sealer.overheadBytes)
        else { return 0 }
        write(
            header, isPadded: packet.paddingBytes > 0, marker: packet.marker, timestamp: packet.timestamp,
            transport: downlink.pointee.history.next, to: room)
        let bytes = downlink.pointee.sealer.seal(
            headerBytes: headerBytes, prefix: prefix, payload: edited(packet.payload, edit),
            rolloverCounter: UInt32(truncatingIfNeeded: header.number >> 16), into: room)
        guard packet.isIntact else { return 0 }
        if header.transportExtension != 0 {
            downlink.pointee.history.note(packets: 1, bytes: bytes + Self.wireBytes, at: now)
        }
        commit(bytes, to: downlink.pointee.endpoint, segmentBytes: bytes)
        return bytes
    }

    mutating func flush() {
        if batch.count > 0 { outlet.send(&batch) }
    }

    /// The payload as this viewer gets it: the ring's own where nothing is changed.
    private func edited(_ payload: UnsafeRawBufferPointer, _ edit: PictureEdit) -> UnsafeRawBufferPointer {
        guard edit.isNeeded, payload.count <= scratch.count else { return payload }
        scratch.copyMemory(from: payload)
        let copy = UnsafeMutableRawBufferPointer(rebasing: scratch[..<payload.count])
        edit.apply(to: copy)
        return UnsafeRawBufferPointer(copy)
    }

    private mutating func sendPlan(
        _ track: Track, to downlink: UnsafeMutablePointer<Downlink>, at now: MonotonicTime
    ) {
        for number in 0..<plan.groupCount { send(plan.group(number), of: track, to: downlink, at: now) }
        downlink.pointee.tracks[track.number].next = plan.range.upperBound
    }

    /// Seals a group's packets for one viewer, side by side, and makes them one message.
    private mutating func send(
        _ group: SendPlan.Group, of track: Track, to downlink: UnsafeMutablePointer<Downlink>, at now: MonotonicTime
    ) {
        guard let payloadType = downlink.pointee.tracks[track.number].payloadType else { return }
        var header = Header(
            payloadType: payloadType, number: 0, ssrc: track.media,
            transportExtension: downlink.pointee.tracks[track.number].transportExtension)
        let overhead = header.bytes + downlink.pointee.sealer.overheadBytes
        guard let room = room(group.totalBytes + group.count * overhead) else { return }
        var used = 0
        var transport = downlink.pointee.history.next
        for position in group.first..<group.first + group.count {
            let packet = plan.packet(position)
            let output = UnsafeMutableRawBufferPointer(rebasing: room[used...])
            header.number = downlink.pointee.tracks[track.number].number(of: packet.index)
            write(
                header, isPadded: packet.paddingBytes > 0, marker: packet.marker, timestamp: packet.timestamp,
                transport: transport, to: output)
            transport += 1
            used += downlink.pointee.sealer.seal(
                headerBytes: header.bytes, payload: packet.payload,
                rolloverCounter: UInt32(truncatingIfNeeded: header.number >> 16), into: output)
            guard packet.isIntact else { return overrun += 1 }
        }
        if header.transportExtension != 0 {
            downlink.pointee.history.note(packets: group.count, bytes: used + group.count * Self.wireBytes, at: now)
        }
        downlink.pointee.tracks[track.number].count(packets: group.count, payloadBytes: group.mediaBytes)
        commit(used, to: downlink.pointee.endpoint, segmentBytes: group.payloadBytes + overhead)
    }

    /// UDP's and IPv4's headers: a link carries them, too.
    private static let wireBytes = 28

    /// What of a packet's header isn't the packet's own.
    private struct Header {
        let payloadType: UInt8
        var number: UInt64
        let ssrc: UInt32
        let transportExtension: UInt8

        var bytes: Int { transportExtension == 0 ? Egress.headerBytes : Egress.headerBytes + Egress.extensionBytes }
    }

    /// RFC 3550, section 5.1; what differs from viewer to viewer is the sequence number, and the transport's.
    private func write(
        _ header: Header, isPadded: Bool, marker: Bool, timestamp: UInt32, transport: UInt64,
        to output: UnsafeMutableRawBufferPointer
    ) {
        output[0] = isPadded ? 0xA0 : 0x80
        output[1] = (marker ? 0x80 : 0) | header.payloadType
        let sequence = UInt16(truncatingIfNeeded: header.number)
        output.storeBytes(of: sequence.bigEndian, toByteOffset: 2, as: UInt16.self)
        output.storeBytes(of: timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        output.storeBytes(of: header.ssrc.bigEndian, toByteOffset: 8, as: UInt32.self)
        guard header.transportExtension != 0 else { return }
        output[0] |= 0x10
        output.storeBytes(of: UInt32(0xBEDE_0001).bigEndian, toByteOffset: 12, as: UInt32.self)
        let element =
            UInt32(header.transportExtension << 4 | 1) << 24 | UInt32(UInt16(truncatingIfNeeded: transport)) << 8
        output.storeBytes(of: element.bigEndian, toByteOffset: 16, as: UInt32.self)
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
