/// H.264 as a stream of bytes: pictures, each behind an access unit delimiter (ITU-T H.264, section 7.3.2.4).
enum AnnexB {
    private static let startCode: [UInt8] = [0, 0, 0, 1]

    static func pictures(_ bytes: [UInt8]) -> [EncodedFrame] {
        var pictures: [EncodedFrame] = []
        var (current, isKey): ([UInt8], Bool) = ([], false)
        func finish() {
            if !current.isEmpty { pictures.append(EncodedFrame(bytes: current, isKey: isKey)) }
            (current, isKey) = ([], false)
        }
        for unit in H264Packetizer.units(bytes) {
            let type = (unit.first ?? 0) & 0x1F
            if type == 9 {
                finish()
                continue
            }
            if type == 5 { isKey = true }
            current += startCode + unit
        }
        finish()
        return pictures
    }
}
