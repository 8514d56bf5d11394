import Wire

/// What of a picture one viewer is spared, and how the rest is numbered for it: as if there had never been more.
struct Thinning {
    /// From this number of the viewer's on, `index = number + offset`, and pictures are counted so much lower.
    private struct Segment {
        let number: UInt64
        let offset: UInt64
        let shift: UInt16
    }

    enum Verdict {
        case send(PictureEdit)
        case leaveOut
    }

    private static let maximumSegments = 64

    /// The layers up to this one are sent: what is aimed at, and, until a picture comes where a decoder can go up, what is
    /// had.
    var aim = LayerRates.layers - 1
    private(set) var layer = LayerRates.layers - 1
    private(set) var shift: UInt16 = 0
    private var frame: (timestamp: UInt32, isLeftOut: Bool)?
    /// The oldest first.
    private var segments: [Segment] = []

    /// What becomes of the packet that is the viewer's next.
    mutating func receive(_ packet: RingPacket, _ codec: VideoCodec?) -> Verdict {
        guard codec == .vp8, let descriptor = VP8Descriptor(packet.payload.octets.span) else { return .send(.none) }
        if frame?.timestamp != packet.timestamp {
            frame = (packet.timestamp, isLeftOut(descriptor))
            if frame?.isLeftOut == true { shift &+= 1 }
        }
        return frame?.isLeftOut == true ? .leaveOut : .send(PictureEdit(descriptor, shift: shift))
    }

    private mutating func isLeftOut(_ descriptor: VP8Descriptor) -> Bool {
        layer = min(layer, aim)
        guard let wanted = descriptor.temporalLayer.map(Int.init), wanted > layer else { return false }
        guard wanted <= aim, descriptor.isSync else { return true }
        layer = wanted
        return false
    }

    /// Packets that never came may have been of the picture that is being left out.
    var isLeavingOut: Bool { frame?.isLeftOut ?? false }

    /// A key frame comes: no decoder looks back beyond it.
    mutating func beginAnew() {
        shift = 0
        frame = nil
        layer = aim
    }

    /// From the viewer's number `number` on, packets have indices that are `offset` higher.
    mutating func note(number: UInt64, offset: UInt64) {
        if let last = segments.last, last.number == number { segments.removeLast() }
        if segments.count == Self.maximumSegments { segments.removeFirst() }
        segments.append(Segment(number: number, offset: offset, shift: shift))
    }

    /// The packet that a viewer has got, or should have, as this number, and by how much its picture was counted lower;
    /// nil when that isn't known any more.
    func locate(_ number: UInt64) -> (index: UInt64, shift: UInt16)? {
        segments.last { $0.number <= number }.map { (number &+ $0.offset, $0.shift) }
    }
}
