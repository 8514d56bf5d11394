import Net
import SRTP
import Wire

/// From the rings to the viewers.
extension RelayEngine {
    /// How long the rest of a frame is waited for, and how much of one.
    private static let frameHoldMS: Int64 = 5
    private static let frameHoldPackets: UInt64 = 16
    /// A viewer who reads behind gets this much at a time: faster than real time, but no burst that a network drops.
    private static let catchUpPackets: UInt64 = 24
    private static let catchUpIntervalMS: Int64 = 5
    /// A key frame older than this would show a picture too far from now.
    private static let youngKeyFrameMS: Int64 = 1_500
    private static let headerBytes = 12

    /// Sends what has come since the last call; to be called after each batch of datagrams.
    func flush(at now: MonotonicTime) {
        for show in dirtyShows {
            show.isDirty = false
            flush(show, at: now)
        }
        dirtyShows.removeAll(keepingCapacity: true)
        sendBatch()
    }

    private func flush(_ show: RelayShow, at now: MonotonicTime) {
        if let video = show.video {
            let end = frameEnd(video, at: now)
            if let key = video.keyFrame, (video.planned..<max(video.planned, end)).contains(key.index) {
                show.hasCatchingUp = true  // those who wait for a picture begin here
            }
            flush(video, to: end, of: show)
        }
        if let audio = show.audio { flush(audio, to: audio.ring.end, of: show) }
        sendLate(show)
        if show.hasCatchingUp { catchUp(show, at: now) }
        if show.wantsKeyFrame || show.uplink.uplink?.needsKeyFrame == true { requestKeyFrame(show, at: now) }
    }

    /// Up to where whole frames have come, or all when the rest has been waited for.
    private func frameEnd(_ track: MediaTrack, at now: MonotonicTime) -> UInt64 {
        var end = track.ring.end
        while end > track.planned, track.slot(end - 1)?.pointee.marker != true { end -= 1 }
        guard end < track.ring.end else {
            track.heldSince = nil
            return end
        }
        let since = track.heldSince ?? now
        if now.milliseconds(since: since) >= Self.frameHoldMS || track.ring.end - end >= Self.frameHoldPackets {
            track.heldSince = nil
            return track.ring.end
        }
        track.heldSince = end > track.planned ? now : since
        timers.set(.frameHold, since.advanced(byMilliseconds: Self.frameHoldMS))
        return end
    }

    private func flush(_ track: MediaTrack, to end: UInt64, of show: RelayShow) {
        while track.planned < end {
            plan.fill(from: track, track.planned..<end)
            track.planned = plan.range.upperBound
            let number = track.kind.number
            for position in 0..<show.downlinks.count {
                let downlink = show.downlinks.pointer(position)
                guard downlink.pointee.tracks[number].first != nil,
                    downlink.pointee.tracks[number].next == plan.range.lowerBound
                else { continue }
                sendPlan(of: track, to: downlink)
            }
        }
    }

    /// Brings those who read behind to where the others are, a part at a time.
    func catchUp(_ show: RelayShow, at now: MonotonicTime) {
        show.hasCatchingUp = false
        for position in 0..<show.downlinks.count {
            let downlink = show.downlinks.pointer(position)
            for track in show.tracks where catchUp(downlink, track, at: now) { show.hasCatchingUp = true }
        }
        if show.hasCatchingUp { timers.set(.catchUp, now.advanced(byMilliseconds: Self.catchUpIntervalMS)) }
    }

    /// Whether it is still behind.
    private func catchUp(
        _ downlink: UnsafeMutablePointer<Downlink>, _ track: MediaTrack, at now: MonotonicTime
    ) -> Bool {
        let number = track.kind.number
        guard downlink.pointee.tracks[number].payloadType != nil, track.planned > 0 else { return false }
        if downlink.pointee.tracks[number].first == nil {
            guard let start = start(in: track, at: now) else { return false }
            downlink.pointee.tracks[number].begin(at: start, using: &generator)
        }
        downlink.pointee.tracks[number].skip(to: track.ring.start)
        let next = downlink.pointee.tracks[number].next
        guard next < track.planned else { return false }
        plan.fill(from: track, next..<min(track.planned, next + Self.catchUpPackets))
        sendPlan(of: track, to: downlink)
        return downlink.pointee.tracks[number].next < track.planned
    }

    /// Where a new viewer begins: with the newest key frame, and sound with what comes.
    private func start(in track: MediaTrack, at now: MonotonicTime) -> UInt64? {
        guard track.kind == .video else { return track.planned }
        guard let key = track.keyFrame, key.index < track.planned, key.index >= track.ring.start,
            now.milliseconds(since: key.arrival) <= Self.youngKeyFrameMS
        else { return nil }
        return key.index
    }

    /// Packets that came behind others go to everybody who is past them.
    private func sendLate(_ show: RelayShow) {
        for (kind, index) in show.late {
            guard let track = show.track(kind) else { continue }
            plan.fill(from: track, index..<index + 1)
            guard plan.packetCount == 1 else { continue }
            for position in 0..<show.downlinks.count {
                let downlink = show.downlinks.pointer(position)
                guard downlink.pointee.tracks[kind.number].isPast(index) else { continue }
                send(plan.group(0), of: track, to: downlink)
            }
        }
        show.late.removeAll(keepingCapacity: true)
    }

    private func sendPlan(of track: MediaTrack, to downlink: UnsafeMutablePointer<Downlink>) {
        for number in 0..<plan.groupCount { send(plan.group(number), of: track, to: downlink) }
        downlink.pointee.tracks[track.kind.number].next = plan.range.upperBound
    }

    /// Seals a group's packets for one viewer, side by side, and makes them one message.
    private func send(
        _ group: SendPlan.Group, of track: MediaTrack, to downlink: UnsafeMutablePointer<Downlink>
    ) {
        let number = track.kind.number
        guard let payloadType = downlink.pointee.tracks[number].payloadType else { return }
        let overhead = Self.headerBytes + downlink.pointee.sealer.overheadBytes
        guard let room = room(group.totalBytes + group.count * overhead) else { return }
        var used = 0
        for position in group.first..<group.first + group.count {
            let packet = plan.packet(position)
            let output = UnsafeMutableRawBufferPointer(rebasing: room[used...])
            let index = downlink.pointee.tracks[number].number(of: packet.slot.pointee.index)
            Self.writeHeader(
                packet.slot, payloadType: payloadType, sequence: UInt16(truncatingIfNeeded: index),
                ssrc: track.sources.media, to: output)
            used += downlink.pointee.sealer.seal(
                headerBytes: Self.headerBytes, payload: packet.payload,
                rolloverCounter: UInt32(truncatingIfNeeded: index >> 16), into: output)
            downlink.pointee.tracks[number].count(Int(packet.slot.pointee.payloadBytes))
        }
        commit(used, to: downlink.pointee.endpoint, segmentBytes: group.payloadBytes + overhead, packets: group.count)
    }

    /// Sends a packet that a viewer misses once more: in the form of RFC 4588 where the viewer speaks it.
    func repair(_ sequence: UInt16, of track: MediaTrack, to downlink: UnsafeMutablePointer<Downlink>) -> Bool {
        let number = track.kind.number
        guard let index = downlink.pointee.tracks[number].index(of: sequence), index < track.planned,
            let slot = track.slot(index)
        else { return false }
        guard let payloadType = downlink.pointee.tracks[number].repairPayloadType else {
            plan.fill(from: track, index..<index + 1)
            send(plan.group(0), of: track, to: downlink)
            return true
        }
        let payload = track.payload(slot)
        guard let room = room(payload.count + 2 + Self.headerBytes + downlink.pointee.sealer.overheadBytes) else {
            return false
        }
        let repairNumber = downlink.pointee.tracks[number].nextRepairNumber()
        Self.writeHeader(
            slot, payloadType: payloadType, sequence: UInt16(truncatingIfNeeded: repairNumber),
            ssrc: track.sources.repair, to: room)
        let bytes = downlink.pointee.sealer.seal(
            headerBytes: Self.headerBytes, prefix: sequence, payload: payload,
            rolloverCounter: UInt32(truncatingIfNeeded: repairNumber >> 16), into: room)
        commit(bytes, to: downlink.pointee.endpoint, segmentBytes: bytes, packets: 1)
        return true
    }

    /// RFC 3550, section 5.1: what differs from viewer to viewer is the sequence number.
    private static func writeHeader(
        _ slot: UnsafePointer<PacketRing.Slot>, payloadType: UInt8, sequence: UInt16, ssrc: UInt32,
        to output: UnsafeMutableRawBufferPointer
    ) {
        output[0] = slot.pointee.paddingBytes > 0 ? 0xA0 : 0x80
        output[1] = (slot.pointee.marker ? 0x80 : 0) | payloadType
        output.storeBytes(of: sequence.bigEndian, toByteOffset: 2, as: UInt16.self)
        output.storeBytes(of: slot.pointee.timestamp.bigEndian, toByteOffset: 4, as: UInt32.self)
        output.storeBytes(of: ssrc.bigEndian, toByteOffset: 8, as: UInt32.self)
    }

    private func room(_ bytes: Int) -> UnsafeMutableRawBufferPointer? {
        if let room = batch.room(bytes) { return room }
        sendBatch()
        return batch.room(bytes)
    }

    private func commit(_ bytes: Int, to endpoint: Endpoint, segmentBytes: Int, packets: Int) {
        guard bytes > 0 else { return }
        counters.packetsOut += UInt64(packets)
        counters.bytesOut += UInt64(bytes)
        if endpoint.isUDP {
            batch.append(bytes, to: endpoint.address, segmentBytes: segmentBytes)
        } else if let room = batch.room(bytes) {
            for start in stride(from: 0, to: bytes, by: segmentBytes) {
                outlet.send(Array(room[start..<min(bytes, start + segmentBytes)]), to: endpoint)
            }
        }
    }

    func sendBatch() {
        if batch.count > 0 { outlet.send(&batch) }
    }
}
