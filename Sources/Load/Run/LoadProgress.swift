/// How a run stands, for the line that is shown while it goes on.
package struct LoadProgress: Sendable {
    package enum Phase: String, Sendable {
        case publishing, joining, measuring, ending
    }

    package var phase: Phase
    package var elapsedSeconds: Double
    package var viewers: Int
    package var joined: Int
    package var failed: Int
    package var packetsPerSecond: Double
    package var bitsPerSecond: Double
}
