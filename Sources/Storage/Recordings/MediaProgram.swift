internal import Subprocess
internal import SystemPackage

/// ffmpeg or ffprobe: runs behind the server's own work, and not for ever.
struct MediaProgram: Sendable {
    /// It ran, and can't do what it was told, however often it is tried.
    struct Failed: Error {
        let reason: String
    }

    /// A name to look up in `PATH`, or a path.
    let name: String

    /// How long one run may take. Copying an hour takes seconds.
    private static let timeLimit = Duration.seconds(30 * 60)
    /// How long encoding may take: on a small machine, behind other work, several times as long as the show was.
    static let encodingLimit = Duration.seconds(24 * 3_600)
    private static let complaintLength = 2_000

    /// What it printed. Throws `.unavailable` or `.full` when it may work later, `Failed` when it won't.
    func run(_ arguments: [String], limit: Duration = timeLimit) async throws -> String {
        try await withThrowingTaskGroup(of: String?.self) { group in
            group.addTask { try await runToItsEnd(arguments) }
            group.addTask {
                try await Task.sleep(for: limit)
                return nil
            }
            defer { group.cancelAll() }
            guard let text = try await group.next() ?? nil else { throw Failed(reason: "it took too long") }
            return text
        }
    }

    private func runToItsEnd(_ arguments: [String]) async throws -> String {
        var options = PlatformOptions()
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let result = try await Subprocess.run(
            .name("nice"), arguments: Arguments(["-n", "10", name] + arguments), platformOptions: options,
            input: .none, output: .string(limit: 64 << 10), error: .sequence
        ) { execution in
            // A damaged recording has it complain without end, and still be read. The last words tell enough.
            var complaint = ""
            for try await words in execution.standardError {
                let words = unsafe words.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
                complaint = String((complaint + words).suffix(Self.complaintLength))
            }
            return complaint
        }
        try Task.checkCancellation()
        try check(result.terminationStatus, result.closureResult)
        return result.standardOutput
    }

    /// Tells what is the recording's fault from what is the machine's: a recording is not given up for the latter.
    private func check(_ status: TerminationStatus, _ complaint: String) throws {
        // ffmpeg 5 also exits with 0 when it can't write the end of its file, which then has no index.
        if complaint.contains("No space left on device") || complaint.contains("Disk quota exceeded") {
            throw RecordingError.full
        }
        if complaint.contains("Error writing trailer") { throw RecordingError.unavailable(reason: complaint) }
        switch status {
        case .exited(0): return
        // `nice` did not find it, or may not start it.
        case .exited(126), .exited(127): throw RecordingError.unavailable(reason: complaint)
        // The kernel when memory runs out, or whoever stops the machine, also just before this server hears of it.
        // ffmpeg answers SIGTERM with 255.
        case .signaled(9), .signaled(15), .exited(255):
            throw RecordingError.unavailable(reason: "\(name) was ended")
        default: throw Failed(reason: complaint)
        }
    }
}
