import ServiceLifecycle
import Storage

/// Deletes what was kept long enough, at the start and then every quarter of an hour.
struct RetentionKeeper: Service {
    let sweep: RetentionSweep
    let isNeeded: Bool
    let clock: ServerClock

    func run() async throws {
        await cancelWhenGracefulShutdown {
            repeat {
                if isNeeded { await sweep.run(at: clock.now) }
            } while (try? await Task.sleep(for: .seconds(900))) != nil
        }
    }
}
