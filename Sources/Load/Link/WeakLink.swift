import Wire

/// What is under way on one viewer's link, both ways, until its time has come.
struct WeakLink {
    struct Datagram {
        let due: MonotonicTime
        var bytes: [UInt8]
        let byteCount: Int
        let source: SocketAddress?
    }

    struct Reply {
        let due: MonotonicTime
        let bytes: [UInt8]
        /// Nil: where the socket is connected to.
        let address: SocketAddress?
    }

    private var link: ShapedLink
    private var down = Line<Datagram>()
    private var up = Line<Reply>()

    init(_ link: ShapedLink) { self.link = link }

    var isIdle: Bool { down.isEmpty && up.isEmpty }

    /// Lost, or on its way.
    mutating func take(
        _ bytes: UnsafeRawBufferPointer, byteCount: Int, from source: SocketAddress?, at now: MonotonicTime
    ) {
        guard let due = link.send(byteCount, at: now) else { return }
        down.append(Datagram(due: due, bytes: Array(bytes), byteCount: byteCount, source: source))
    }

    mutating func reply(_ bytes: [UInt8], to address: SocketAddress?, at now: MonotonicTime) {
        up.append(Reply(due: link.reply(at: now), bytes: bytes, address: address))
    }

    mutating func nextDatagram(at now: MonotonicTime) -> Datagram? { down.next { $0.due <= now } }
    mutating func nextReply(at now: MonotonicTime) -> Reply? { up.next { $0.due <= now } }
}

/// First in, first out.
private struct Line<Element> {
    private var elements: [Element?] = []
    private var head = 0

    var isEmpty: Bool { head == elements.count }

    mutating func append(_ element: Element) { elements.append(element) }

    /// The first, when it `isDue`.
    mutating func next(_ isDue: (Element) -> Bool) -> Element? {
        guard head < elements.count, let first = elements[head], isDue(first) else { return nil }
        elements[head] = nil
        head += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head > 512 {
            elements.removeFirst(head)
            head = 0
        }
        return first
    }
}
