import ServiceLifecycle
import Storage

/// Deletes what was kept long enough, and ends uploads that nobody goes on with, at the start and then every quarter of an hour.
struct RetentionKeeper: Service {
    let sweep: RetentionSweep
    let recordings: RecordingLibrary
    let isNeeded: Bool
    let clock: ServerClock

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat {
                await recordings.sweepUploads()
                if isNeeded { await sweep.run(at: clock.now) }
            } while (try? await Task.sleep(for: .seconds(900))) != nil
        }
    }
}
