private import CMongoC

/// The owner of libmongoc: a pool of connections and the threads that use them. Commands and replies are BSON.
///
/// Making one needs no server. The driver watches the servers on threads of its own, and finds one that comes back.
package final class MongoPool: Sendable {
    package enum Access: Sendable { case read, write }

    package struct Reply: Sendable {
        /// The server's reply as BSON; with write errors, when there were any, for its caller to read.
        package let bytes: [UInt8]
        /// The connection broke the first time, so the server may have carried the command out twice.
        package let isRepeated: Bool
    }

    /// A connection that broke at once was stale: worth another try. One that broke after this long was not.
    private static let repeatLimit = Duration.seconds(1)

    package let uri: MongoURI
    private let handle: Handle
    private let threads: WorkerThreads

    package init(uri: MongoURI) throws(MongoFailure) {
        self.uri = uri
        handle = try Handle(uri)
        threads = WorkerThreads(count: uri.poolSize, patience: uri.selectionTimeout)
    }

    /// Runs a command that may safely be run twice: when the connection turns out to be dead, it is. On the URI's
    /// database, unless another is named.
    package func run(
        _ command: [UInt8], _ access: Access, database: String? = nil
    ) async throws(MongoFailure) -> Reply {
        let (handle, database) = (handle, database ?? uri.database)
        return try await threads.run { () -> Result<Reply, MongoFailure> in
            let start = ContinuousClock.now
            let first = handle.run(command, access, database: database)
            guard case .failure(.unreachable) = first, start.duration(to: .now) < Self.repeatLimit else {
                return first.map { Reply(bytes: $0, isRepeated: false) }
            }
            return handle.run(command, access, database: database).map { Reply(bytes: $0, isRepeated: true) }
        }.get()
    }

    /// After what is under way.
    package func close() async {
        await threads.close()
    }

    private static let driver: Void = {
        mongoc_init()
        // It would write to the standard error by itself; failures are told by what the calls return.
        mongoc_log_set_handler(nil, nil)
    }()

    static func startDriver() { driver }

    /// The pool as C knows it. `mongoc_client_pool_t` may be used from many threads at once.
    private final class Handle: Sendable {
        nonisolated(unsafe) private let pool: OpaquePointer

        init(_ uri: MongoURI) throws(MongoFailure) {
            MongoPool.startDriver()
            let parsed = mongoc_uri_new_with_error(uri.text, nil)
            defer { mongoc_uri_destroy(parsed) }
            for (option, milliseconds) in MongoURI.defaults where !mongoc_uri_has_option(parsed, option) {
                mongoc_uri_set_option_as_int32(parsed, option, milliseconds)
            }
            mongoc_uri_set_option_as_int32(parsed, "maxpoolsize", Int32(uri.poolSize))
            var error = bson_error_t()
            guard let pool = mongoc_client_pool_new_with_error(parsed, &error) else {
                // Such as TLS files that can't be read, or an SRV record that isn't there.
                throw .failed(String(cString: vitrine_mongoc_message(&error)))
            }
            mongoc_client_pool_set_error_api(pool, 2)
            if !mongoc_uri_has_option(parsed, "appname") { mongoc_client_pool_set_appname(pool, "vitrine") }
            self.pool = pool
        }

        deinit { mongoc_client_pool_destroy(pool) }

        func run(_ command: [UInt8], _ access: Access, database: String) -> Result<[UInt8], MongoFailure> {
            let client = mongoc_client_pool_pop(pool)
            defer { mongoc_client_pool_push(pool, client) }
            var error = bson_error_t()
            var (bytes, count): (UnsafeMutablePointer<UInt8>?, UInt32) = (nil, 0)
            let outcome = vitrine_mongoc_run(
                client, database, command, command.count, access == .write, &bytes, &count, &error)
            defer { bson_free(bytes) }
            let message = String(cString: vitrine_mongoc_message(&error))
            switch outcome {
            case VITRINE_MONGOC_ANSWERED:
                return .success(Array(UnsafeBufferPointer(start: bytes, count: Int(count))))
            case VITRINE_MONGOC_UNREACHABLE: return .failure(.unreachable(message))
            case VITRINE_MONGOC_REFUSED: return .failure(.refused(code: error.code, message: message))
            default: return .failure(.failed(message))
            }
        }
    }
}
