import CAllocations
import CHotPath
import Glibc

@testable import Rigs

// hot-path CIPHER video|sound VIEWERS FRAMES
// The same packets in each run through the relay's engine, for `scripts/bench-thresholds` to count instructions of
// `hot_path_receive` (a packet of the uplink) and `hot_path_flush` (what all viewers are sent for it).

func receive(_ rig: RelayRig, _ packet: UnsafeMutableRawBufferPointer) {
    let body: @convention(c) (UnsafeRawPointer?, UnsafeMutableRawPointer?, Int) -> Void = { rig, packet, count in
        guard let rig else { return }
        Unmanaged<RelayRig>.fromOpaque(rig)._withUnsafeGuaranteedRef {
            $0.receive(UnsafeMutableRawBufferPointer(start: packet, count: count))
        }
    }
    hot_path_receive(body, Unmanaged.passUnretained(rig).toOpaque(), packet.baseAddress, packet.count)
}

func flush(_ rig: RelayRig) {
    let body: @convention(c) (UnsafeRawPointer?) -> Void = { rig in
        guard let rig else { return }
        Unmanaged<RelayRig>.fromOpaque(rig)._withUnsafeGuaranteedRef { $0.flush() }
    }
    hot_path_flush(body, Unmanaged.passUnretained(rig).toOpaque())
}

/// What one run counted.
struct Run {
    var packetsIn = 0
    var allocationsIn: UInt64 = 0
    var allocationsOut: UInt64 = 0
}

func run(_ rig: RelayRig, isSound: Bool, frames: Int) -> Run {
    var run = Run()
    var packets = (0..<frames).map { _ in isSound ? [rig.source.sound()] : rig.source.frame(9) }
    hot_path_begin()
    for frame in packets.indices {
        rig.advance(milliseconds: 33)
        for number in packets[frame].indices {
            packets[frame][number].withUnsafeMutableBytes { bytes in
                let before = allocations_count()
                receive(rig, bytes)
                run.allocationsIn += allocations_count() - before
                run.packetsIn += 1
            }
        }
        let before = allocations_count()
        flush(rig)
        run.allocationsOut += allocations_count() - before
    }
    return run
}

func main() throws -> Int32 {
    let arguments = CommandLine.arguments
    guard arguments.count == 5, let cipher = ViewerCipher(rawValue: arguments[1]),
        let viewers = Int(arguments[3]), let frames = Int(arguments[4])
    else {
        let ciphers = ViewerCipher.available.map(\.rawValue).joined(separator: "|")
        print("usage: hot-path \(ciphers) video|sound VIEWERS FRAMES")
        return 2
    }
    let rig = try RelayRig(viewers: viewers, cipher: cipher, outlet: NullOutlet())
    let before = rig.packetsOut
    let run = run(rig, isSound: arguments[2] == "sound", frames: frames)
    let packetsOut = rig.packetsOut - before
    print(
        """
        {"packets_in": \(run.packetsIn), "packets_out": \(packetsOut), \
        "allocations_in": \(run.allocationsIn), "allocations_out": \(run.allocationsOut)}
        """)
    return packetsOut == run.packetsIn * viewers ? 0 : 1
}

exit(try main())
