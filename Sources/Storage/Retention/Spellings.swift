/// Names as they were written, each once. To Swift's strings two spellings of one letter are the same; to a store they
/// aren't.
struct Spellings {
    private var bytes: Set<[UInt8]> = []

    mutating func insert(_ name: String) { bytes.insert(Array(name.utf8)) }

    var all: [String] { bytes.map { String(decoding: $0, as: UTF8.self) } }
}
