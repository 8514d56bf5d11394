/// A codec as our offers name it.
struct OfferedCodec: Sendable {
    let payloadType: UInt8
    let name: String
    let parameters: String?
    let repairPayloadType: UInt8?

    static let opus = Self(
        payloadType: 111, name: "opus/48000/2", parameters: "minptime=10;useinbandfec=1", repairPayloadType: nil)
    static let vp8 = Self(payloadType: 96, name: "VP8/90000", parameters: nil, repairPayloadType: 97)
    static let vp9 = Self(payloadType: 98, name: "VP9/90000", parameters: "profile-id=0", repairPayloadType: 99)
    static let av1 = Self(payloadType: 45, name: "AV1/90000", parameters: nil, repairPayloadType: 46)

    static func h264(_ profile: String, payloadType: UInt8) -> Self {
        Self(
            payloadType: payloadType, name: "H264/90000",
            parameters: "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=\(profile)",
            repairPayloadType: payloadType + 1)
    }

    /// What a viewer takes: whatever comes, since it needn't decode it.
    static let playable = [
        vp8, h264("42e01f", payloadType: 102), h264("4d001f", payloadType: 104), h264("64001f", payloadType: 106), vp9,
        av1,
    ]
}
