/// Lets calls through once something has been done that they all need. Those that come together wait for one try.
actor PreparationGate {
    private let prepare: @Sendable () async throws(StoreError) -> Void
    private var isOpen = false
    private var attempt: Task<Result<Void, StoreError>, Never>?

    init(_ prepare: @escaping @Sendable () async throws(StoreError) -> Void) {
        self.prepare = prepare
    }

    func pass() async throws(StoreError) {
        if isOpen { return }
        let task = attempt ?? start()
        try await task.value.get()
    }

    private func start() -> Task<Result<Void, StoreError>, Never> {
        let task = Task { [prepare] () -> Result<Void, StoreError> in
            let result: Result<Void, StoreError>
            do throws(StoreError) {
                result = .success(try await prepare())
            } catch {
                result = .failure(error)
            }
            finish(result)
            return result
        }
        attempt = task
        return task
    }

    private func finish(_ result: Result<Void, StoreError>) {
        if case .success = result { isOpen = true }
        attempt = nil
    }
}
