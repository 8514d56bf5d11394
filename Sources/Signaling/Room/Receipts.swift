internal import Wire

/// What clients have sent under names of their own, so that what is sent again counts once, and who waits to hear that
/// it is stored.
struct Receipts: Sendable {
    /// So many names are remembered of each kind; what is older has long been acknowledged.
    private static let limit = 5_000

    private var chat: Ledger<ChatMessage>
    private var likes: Ledger<LikeBatch>

    /// What the store has already.
    init(chat: [MessageID], likes: [Identifier<LikeBatch>]) {
        self.chat = Ledger(chat)
        self.likes = Ledger(likes)
    }

    var isSettled: Bool { chat.isSettled && likes.isSettled }

    /// What is to be done with something that has come in.
    enum Admission: Equatable {
        /// It is new: store it.
        case new
        /// It is being stored already; this client will hear of it.
        case known
        /// It is stored: say so.
        case stored
    }

    mutating func admit(_ id: MessageID, from client: ClientID, named name: String) -> Admission {
        chat.admit(id, from: client, named: name)
    }

    mutating func admit(_ id: Identifier<LikeBatch>, from client: ClientID, named name: String) -> Admission {
        likes.admit(id, from: client, named: name)
    }

    /// It is in the store. Who is to be told, and by which name they know it.
    mutating func keep(_ id: MessageID) -> (client: ClientID, name: String)? { chat.keep(id) }

    mutating func keep(_ id: Identifier<LikeBatch>) -> (client: ClientID, name: String)? { likes.keep(id) }

    /// It could not be stored, and has to be sent again.
    mutating func refuse(_ id: MessageID) -> (client: ClientID, name: String)? { chat.refuse(id) }

    mutating func refuse(_ id: Identifier<LikeBatch>) -> (client: ClientID, name: String)? { likes.refuse(id) }

    private struct Ledger<Kind>: Sendable {
        private var waiting: [Identifier<Kind>: (client: ClientID, name: String)] = [:]
        private var stored: Set<Identifier<Kind>>
        /// The same in the order in which they came, so that the oldest go first.
        private var order: [Identifier<Kind>]
        private var oldest = 0

        init(_ stored: [Identifier<Kind>]) {
            order = stored.suffix(Receipts.limit)
            self.stored = Set(order)
        }

        var isSettled: Bool { waiting.isEmpty }

        mutating func admit(_ id: Identifier<Kind>, from client: ClientID, named name: String) -> Admission {
            if stored.contains(id) { return .stored }
            return waiting.updateValue((client, name), forKey: id) == nil ? .new : .known
        }

        mutating func keep(_ id: Identifier<Kind>) -> (client: ClientID, name: String)? {
            guard let receiver = waiting.removeValue(forKey: id) else { return nil }
            guard stored.insert(id).inserted else { return receiver }
            if order.count < Receipts.limit {
                order.append(id)
            } else {
                stored.remove(order[oldest])
                order[oldest] = id
                oldest = (oldest + 1) % order.count
            }
            return receiver
        }

        mutating func refuse(_ id: Identifier<Kind>) -> (client: ClientID, name: String)? {
            waiting.removeValue(forKey: id)
        }
    }
}
