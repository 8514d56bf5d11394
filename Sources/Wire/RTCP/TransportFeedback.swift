/// Tells a sender when each of its packets arrived, so that its encoder can follow the network
/// (draft-holmer-rmcat-transport-wide-cc-extensions-01, section 3.1).
package struct TransportFeedback: Sendable {
    /// Packets between two reports; more than this many are reported as if the rest had not come.
    private static let capacity = 1_024
    private static let maximumLate = 64
    private static let ticksPerSecond: Int64 = 4_000  // of 250 µs
    private static let ticksPerReference: Int64 = 256  // of 64 ms

    /// Arrival of `base + position`, in ticks; -1 where nothing came.
    private var arrivals: [Int64]
    private var base: Int64 = 0
    private var end: Int64 = 0
    private var newest: Int64?
    private var count: UInt8 = 0
    /// Which of the last numbers before `base` have been reported as received, by their remainder.
    private var reported: [Bool]
    /// What came after it had been reported as lost.
    private var late: [(number: Int64, arrival: Int64)] = []

    package init() {
        arrivals = Array(repeating: -1, count: Self.capacity)
        reported = Array(repeating: false, count: Self.capacity)
    }

    package mutating func receive(_ sequence: UInt16, at now: MonotonicTime) {
        let number: Int64
        if let newest {
            number = newest + Int64(Int16(bitPattern: sequence &- UInt16(truncatingIfNeeded: newest)))
        } else {
            number = Int64(sequence) + 65_536
            base = number
            end = number
        }
        newest = max(newest ?? number, number)
        let arrival = now.nanoseconds / (1_000_000_000 / Self.ticksPerSecond)
        guard number >= base else { return revise(number, arrival) }
        guard number < base + Int64(Self.capacity) else { return }
        let position = Int(number - base)
        if arrivals[position] < 0 { arrivals[position] = arrival }
        end = max(end, number + 1)
    }

    /// A packet that was only late is told of, too: else its sender takes it for lost.
    private mutating func revise(_ number: Int64, _ arrival: Int64) {
        guard number >= 0, number >= base - Int64(Self.capacity), late.count < Self.maximumLate,
            !reported[Int(number % Int64(Self.capacity))]
        else { return }
        reported[Int(number % Int64(Self.capacity))] = true
        late.append((number, arrival))
    }

    /// The report on what has come since the one before; nil when nothing has. What doesn't fit, because the times
    /// between are too long, is in the next: call until nil.
    package mutating func build(sender: UInt32, media: UInt32) -> [UInt8]? {
        if let (number, arrival) = late.popLast() {
            let reference = arrival / Self.ticksPerReference
            let delta = UInt8(truncatingIfNeeded: arrival - reference * Self.ticksPerReference)
            return report(sender, media, from: number, reference: reference, statuses: [1], deltas: [delta])
        }
        guard end > base, let first = arrivals.first(where: { $0 >= 0 }) else { return restart() }
        let reference = first / Self.ticksPerReference
        let (statuses, deltas, taken) = statuses(from: reference * Self.ticksPerReference)
        let from = base
        advance(by: taken)
        return report(sender, media, from: from, reference: reference, statuses: statuses, deltas: deltas)
    }

    private mutating func report(
        _ sender: UInt32, _ media: UInt32, from number: Int64, reference: Int64, statuses: [UInt8], deltas: [UInt8]
    ) -> [UInt8] {
        var body = [UInt8]()
        Self.append(sender, &body)
        Self.append(media, &body)
        Self.append(UInt32(UInt16(truncatingIfNeeded: number)) << 16 | UInt32(statuses.count), &body)
        Self.append(UInt32(truncatingIfNeeded: reference & 0xFF_FFFF) << 8 | UInt32(count), &body)
        body += Self.chunks(statuses) + deltas
        count &+= 1
        let padding = (4 - body.count % 4) % 4
        if padding > 0 { body += [UInt8](repeating: 0, count: padding - 1) + [UInt8(padding)] }
        let words = body.count / 4
        return [padding > 0 ? 0xAF : 0x8F, 205, UInt8(words >> 8), UInt8(words & 0xFF)] + body
    }

    private mutating func restart() -> [UInt8]? {
        if let newest, newest >= base + Int64(Self.capacity) {  // far ahead of what can be reported: begin there
            base = newest + 1
            end = base
        }
        return nil
    }

    /// The symbols (0 not received, 1 small delta, 2 large or negative) and deltas of as many packets as fit.
    private func statuses(from reference: Int64) -> ([UInt8], [UInt8], Int) {
        var statuses: [UInt8] = []
        var deltas: [UInt8] = []
        var last = reference
        for position in 0..<Int(end - base) {
            let arrival = arrivals[position]
            guard arrival >= 0 else {
                statuses.append(0)
                continue
            }
            let delta = arrival - last
            guard let wide = Int16(exactly: delta) else { break }
            last = arrival
            if (0...255).contains(delta) {
                statuses.append(1)
                deltas.append(UInt8(delta))
            } else {
                statuses.append(2)
                deltas += [UInt8(truncatingIfNeeded: wide >> 8), UInt8(truncatingIfNeeded: wide)]
            }
        }
        return (statuses, deltas, statuses.count)
    }

    private mutating func advance(by taken: Int) {
        for position in 0..<taken {
            reported[Int((base + Int64(position)) % Int64(Self.capacity))] = arrivals[position] >= 0
        }
        let rest = Int(end - base) - taken
        for position in 0..<rest { arrivals[position] = arrivals[position + taken] }
        for position in rest..<rest + taken { arrivals[position] = -1 }
        base += Int64(taken)
        if let newest, rest == 0, newest >= base { base = newest + 1 }
        end = base + Int64(rest)
    }

    /// Sections 3.1.3 and 3.1.4: a run where seven or more are alike, else seven symbols of two bits.
    private static func chunks(_ statuses: [UInt8]) -> [UInt8] {
        var chunks: [UInt8] = []
        var position = 0
        while position < statuses.count {
            let run = statuses[position...].prefix { $0 == statuses[position] }.count
            let chunk: UInt16
            if run >= 7 {
                let length = min(run, 0x1FFF)
                chunk = UInt16(statuses[position]) << 13 | UInt16(length)
                position += length
            } else {
                var vector: UInt16 = 0xC000
                for (number, status) in statuses[position...].prefix(7).enumerated() {
                    vector |= UInt16(status) << UInt16(12 - 2 * number)
                }
                chunk = vector
                position += 7
            }
            chunks += [UInt8(chunk >> 8), UInt8(chunk & 0xFF)]
        }
        return chunks
    }

    private static func append(_ word: UInt32, _ bytes: inout [UInt8]) {
        for shift: UInt32 in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: word >> shift)) }
    }
}
