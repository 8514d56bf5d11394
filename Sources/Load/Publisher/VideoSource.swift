import Wire

/// Where a publisher's pictures come from, packetized.
protocol VideoSource: AnyObject {
    var codec: OfferedCodec { get }
    /// Between two frames, in nanoseconds and in units of the 90 kHz clock.
    var frameNanoseconds: Int64 { get }
    var frameTicks: UInt32 { get }

    /// The payloads of the next frame.
    func next(wantsKeyFrame: Bool) -> [[UInt8]]

    /// This payload of the frame is sent now.
    func willSend(_ payload: UnsafeMutableRawBufferPointer, packet: Int, of count: Int, at now: MonotonicTime)
}
