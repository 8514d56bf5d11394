import ArgumentParser
internal import Foundation
import Load

/// `vitrine load`: one publisher and many viewers for a server, and honest figures of how it did.
struct LoadCommand: AsyncParsableCommand {
    /// The generator was the bottleneck; the server did something wrong.
    private static let (invalidStatus, faultStatus): (Int32, Int32) = (3, 4)

    static let configuration = CommandConfiguration(
        commandName: "load",
        abstract: "Load a WHIP/WHEP server with viewers, and measure it.",
        discussion: """
            Publishes one stream by WHIP, has many viewers play it by WHEP, each with its own port, ICE, DTLS and SRTP, \
            and reports how long joining took, what arrived, what was lost after repair, and how long packets were on \
            their way. A share of the viewers decrypts and checks every packet; the others count by the headers.

            The server and the load should have processors of their own:

              taskset -c 0 vitrine serve --admin-token TOKEN &
              taskset -c 1 vitrine load --create http://localhost:8080 --token TOKEN --viewers 500 --ramp 100 \\
                --duration 20 --server-pid $! --json report.json

            Any other server, with a file's pictures:

              vitrine load --whip https://example.org/whip/s --whep https://example.org/whep/s --publish show.mp4

            Only view a stream that somebody else publishes:

              vitrine load --whep https://example.org/whep/stream --viewers 50 --ramp 10

            Only publish, for a minute:

              vitrine load --whip https://example.org/whip/stream --token TOKEN --duration 60

            Exit status: 0 when all is well, 2 for bad usage, 1 when the run can't be made, 3 when the generator itself \
            was the bottleneck so that the figures aren't valid, 4 when the server left viewers without a picture or \
            sent something wrong. Control-C ends the run early, with the report of what there was.
            """)

    @OptionGroup var options: LoadArguments

    mutating func run() async throws {
        let settings = try await LoadSettings(options)
        let client = try await client(settings)
        let host = (settings.create ?? settings.janus ?? settings.whep ?? settings.whip)?.host ?? "localhost"
        let line = ProgressLine()
        let task = Task {
            try await LoadRun(plan: settings.plan, signaling: client, serverHost: host) { line.show($0) }.run()
        }
        let signals = Interruption { task.cancel() }
        defer { signals.cancel() }
        let report: LoadReport
        do {
            report = try await task.value
        } catch let failure as LoadFailure {
            line.end()
            await client.close()
            throw Failure.trouble(failure.reason)
        }
        line.end()
        try write(report, to: settings.jsonPath)
        await client.close()
        if !report.valid { throw Failure(message: "the run is not valid", status: Self.invalidStatus) }
        if let fault = report.faults.first { throw Failure(message: fault, status: Self.faultStatus) }
    }

    private func client(_ settings: LoadSettings) async throws -> any SignalingClient {
        if let janus = settings.janus { return JanusClient(base: janus) }
        guard let base = settings.create else {
            return WHIPClient(whip: settings.whip, whep: settings.whep, token: settings.token)
        }
        do {
            return try await CreatedStream(at: base, token: settings.token)
        } catch {
            throw Failure.trouble(error.reason)
        }
    }

    private func write(_ report: LoadReport, to path: String?) throws {
        let json = try report.json() + Data("\n".utf8)
        if path == "-" {
            FileHandle.standardOutput.write(json)
            return
        }
        FileHandle.standardOutput.write(Data(ReportTable(report).text.utf8))
        guard let path else { return }
        do {
            try json.write(to: URL(fileURLWithPath: path))
        } catch {
            throw Failure.trouble("can't write the report to \(path)")
        }
    }
}
