import HTTPTypes
import Signaling
import Synchronization
import Wire

/// What the server counts.
final class ServerMetrics: Sendable {
    private struct Counts {
        var customers = 0
        var admins = 0
        var joins = 0
        var messages = 0
        var chatMessages = 0
        var likes = 0
        var responses: [Int: Int] = [:]
        var views = ViewCounts()
        /// Writes that wait for a store that is away, and those for which there was no room, by show.
        var backlogs: [StreamID: Int] = [:]
        var overflows: [StreamID: UInt64] = [:]
    }

    private let counts = Mutex(Counts())

    func clientJoined(_ role: ClientRole) {
        counts.withLock {
            $0.joins += 1
            if role == .admin { $0.admins += 1 } else { $0.customers += 1 }
        }
    }

    func clientLeft(_ role: ClientRole) {
        counts.withLock { if role == .admin { $0.admins -= 1 } else { $0.customers -= 1 } }
    }

    func messageReceived() {
        counts.withLock { $0.messages += 1 }
    }

    func wrote(_ writes: [ShowWrite]) {
        counts.withLock {
            for write in writes {
                switch write {
                case .chat: $0.chatMessages += 1
                case .likes(let batch): $0.likes += batch.count
                default: break
                }
            }
        }
    }

    func noteBacklog(_ count: Int, of stream: StreamID) {
        counts.withLock { $0.backlogs[stream] = count > 0 ? count : nil }
    }

    func noteBacklogOverflow(_ count: UInt64, of stream: StreamID) {
        guard count > 0 else { return }
        counts.withLock { $0.overflows[stream] = count }
    }

    func viewed(_ report: ViewReport) { counts.withLock { $0.views.add(report) } }

    func responded(_ status: HTTPResponse.Status) {
        counts.withLock { $0.responses[status.code / 100, default: 0] += 1 }
    }

    func add(to text: inout PrometheusText) {
        let counts = counts.withLock { $0 }
        text.family(
            "vitrine_clients", "gauge", "Clients that have joined a show and are there now.",
            [(["role": "admin"], Double(counts.admins)), (["role": "customer"], Double(counts.customers))])
        text.family("vitrine_joins_total", "counter", "Clients that have joined a show.", counts.joins)
        text.family(
            "vitrine_messages_received_total", "counter", "Signaling messages from clients that have joined.",
            counts.messages)
        text.family("vitrine_chat_messages_total", "counter", "Chat messages stored.", counts.chatMessages)
        text.family("vitrine_likes_total", "counter", "Likes stored.", counts.likes)
        text.family(
            "vitrine_store_waiting_writes", "gauge", "Writes of shows that wait for a store that is away.",
            counts.backlogs.values.reduce(0, +))
        text.family(
            "vitrine_store_refused_writes_total", "counter", "Writes for which there was no room while it was away.",
            Int(counts.overflows.values.reduce(0, +)))
        counts.views.add(to: &text)
        text.family(
            "vitrine_http_responses_total", "counter", "HTTP responses by the class of their status.",
            counts.responses.sorted { $0.key < $1.key }.map { (["class": "\($0.key)xx"], Double($0.value)) })
    }
}
