import Foundation
import FuzzTargets

/// Chosen once, by the environment: libFuzzer takes the command line.
private let target = FuzzTarget(rawValue: ProcessInfo.processInfo.environment["VITRINE_FUZZ"] ?? "") ?? .stun

/// What libFuzzer calls for each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
    target.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
